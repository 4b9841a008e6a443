/// The name that was most likely meant by a mistyped one; nil where none is near.
/// - Cost: the product of the lengths, for each candidate of about the same length.
package func nearest(to typed: String, among names: some Sequence<String>) -> String? {
    let most = max(1, min(3, typed.utf8.count / 3))
    var best: (name: String, distance: Int)?
    for name in names where abs(name.utf8.count - typed.utf8.count) <= most {
        let distance = distance(Array(typed.utf8.prefix(64)), Array(name.utf8.prefix(64)))
        if distance <= most, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
}

/// How many letters must be changed, left out, put in, or swapped with the next.
/// - Source: Damerau, "A technique for computer detection and correction of spelling errors", 1964.
private func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var (before, last) = ([Int](), Array(0...other.count))
    for (row, letter) in one.enumerated() {
        var next = [row + 1]
        for (column, wanted) in other.enumerated() {
            var least = min(last[column + 1] + 1, next[column] + 1, last[column] + (letter == wanted ? 0 : 1))
            if row > 0, column > 0, letter == other[column - 1], one[row - 1] == wanted {
                least = min(least, before[column - 1] + 1)
            }
            next.append(least)
        }
        (before, last) = (last, next)
    }
    return last[other.count]
}

/// How a pattern fits paths, segment by segment, however it was written.
struct PathMatcher: Sendable, Hashable {
    /// A part of a segment.
    enum Piece: Sendable, Hashable {
        /// Itself.
        case scalar(Unicode.Scalar)
        /// Any text, none too.
        case any
        /// One character (a Unicode scalar), whichever.
        case one
        /// One of these, or none of them.
        case set([ClosedRange<Unicode.Scalar>], isInverted: Bool)

        fileprivate func fits(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .scalar(let wanted): wanted == scalar
            case .any, .one: true
            case .set(let ranges, let isInverted): ranges.contains { $0.contains(scalar) } != isInverted
            }
        }
    }

    /// Of which nil stands for any number of segments, none too.
    let segments: [[Piece]?]

    /// Whether the text of a path fits as a whole.
    func matches(_ path: String) -> Bool {
        Self.fits(Self.names(path), segments) { name, pieces in Self.fits(name, pieces) }
    }

    /// Whether a folder on the way to a path, or the path itself, fits these segments.
    func matchesFolder(_ path: String) -> Bool {
        let names = Self.names(path)
        return names.indices.contains { last in
            Self.fits(Array(names[...last]), segments) { name, pieces in Self.fits(name, pieces) }
        }
    }

    private static func names(_ path: String) -> [[Unicode.Scalar]] {
        path.unicodeScalars.split(separator: "/").map(Array.init)
    }

    private static func fits(_ name: [Unicode.Scalar], _ pieces: [Piece]) -> Bool {
        fits(name, pieces.map { $0 == .any ? nil : $0 }) { $1.fits($0) }
    }

    /// Whether a row of items fits parts, of which nil stands for any number of items.
    private static func fits<Item, Part>(_ items: [Item], _ parts: [Part?], _ isFit: (Item, Part) -> Bool) -> Bool {
        var (item, part) = (0, 0)
        // Where to go on with one item more, at the last part that takes any number.
        var retry: (item: Int, part: Int)?
        while item < items.count {
            if part < parts.count, let wanted = parts[part] {
                if isFit(items[item], wanted) {
                    item += 1
                    part += 1
                    continue
                }
            } else if part < parts.count {
                part += 1
                retry = (item, part)
                continue
            }
            guard let (from, next) = retry else { return false }
            retry = (from + 1, next)
            (item, part) = (from + 1, next)
        }
        return parts[part...].allSatisfy { $0 == nil }
    }
}

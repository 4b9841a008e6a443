internal import BlobStore

/// Text of names and messages as a report shows it in XML or HTML, where it may not stand as it is: XML 1.0 has no
/// control characters, not even escaped.
func markup(_ text: String) -> String {
    var legible = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        legible.append(isSpace(scalar) ? " " : isAllowed(scalar) ? scalar : "\u{FFFD}")
    }
    return String(legible).escapedForMarkup
}

private func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == "\t" || scalar == "\n" || scalar == "\r" }

private func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar.value & 0xFFFE != 0xFFFE
}

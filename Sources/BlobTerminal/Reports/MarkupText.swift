/// Text of names and messages as it may stand in XML and HTML, in elements and in quoted attributes.
func markup(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        case "\t", "\n", "\r": escaped += " "
        default:
            // XML 1.0 has no control characters and no such code points, not even escaped.
            let isAllowed =
                scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar.value & 0xFFFE != 0xFFFE
            escaped.unicodeScalars.append(isAllowed ? scalar : "\u{FFFD}")
        }
    }
    return escaped
}

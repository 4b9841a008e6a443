extension String {
    /// The text as it stands in XML and HTML, in elements and in quoted attributes.
    /// - Source: Extensible Markup Language (XML) 1.0, section 2.4.
    package var escapedForMarkup: String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count + 16)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Text of names and messages as people see it in XML or HTML: what they could not see is written out, and what has a
/// meaning there is escaped. XML 1.0 has no control characters, not even escaped.
package func markup(_ text: String) -> String { text.printable.escapedForMarkup }

extension String {
    /// The very text, for programs, as it stands in XML and HTML, in elements and in quoted attributes.
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

extension StringProtocol {
    /// Whether an XML document can hold this text and give it back as it is: it has no control character, not even a
    /// line's end, which a reader may change.
    /// - Source: Extensible Markup Language (XML) 1.0, sections 2.2 and 2.11.
    package var fitsXML: Bool {
        unicodeScalars.allSatisfy { scalar in
            scalar.properties.generalCategory != .control && scalar.value & 0xFFFE != 0xFFFE
        }
    }
}

extension String {
    /// The text with control characters and marks of direction written out (`\n`, `\u{202E}`), so that a name can
    /// neither break a line, nor command a terminal, nor look like another one. JSON output has the exact name.
    package var printable: String { written { _ in false } }

    /// The same for text of several lines, whose ends stay.
    package var printableLines: String { written { $0 == "\n" || $0 == "\t" } }

    private func written(keeping isKept: (Unicode.Scalar) -> Bool) -> String {
        // Nearly every name is plain: a listing of a million packages should not walk their characters.
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
        guard unicodeScalars.contains(where: { $0.isControl && !isKept($0) }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isControl && !isKept(scalar) {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// C0, C1 and DEL; the line separators; the marks that turn the direction of writing around; and what no XML may
    /// hold.
    /// - Source: Unicode Standard Annex 9, section 2; Extensible Markup Language (XML) 1.0, section 2.2.
    package var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

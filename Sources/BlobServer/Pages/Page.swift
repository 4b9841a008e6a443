internal import BlobHTTP
internal import HTTPTypes
internal import ObjectStorage

/// A page for people. It needs no script, and loads nothing.
struct Page: Sendable {
    let title: String
    var body: String

    /// Text as it stands in HTML, in attributes, too.
    static func text(_ text: String) -> String { markup(text) }

    /// A path as a link has it.
    static func link(_ path: String) -> String { PercentEncoding.encode(path, keepsSlashes: true) }

    /// A value as a query has it.
    static func query(_ value: String) -> String { PercentEncoding.encode(value) }

    /// A table with a head; each cell carries the name of its column.
    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let head = heads.map { "<th scope=\"col\">\($0)</th>" }.joined()
        let lines = rows.map { cells in
            "<tr>" + zip(heads, cells).map { "<td data-name=\"\($0)\">\($1)</td>" }.joined() + "</tr>"
        }.joined(separator: "\n")
        return "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead>\n<tbody>\n\(lines)\n</tbody></table></div>\n"
    }

    /// Says to a person why there is no answer.
    static func saying(_ problem: Problem) -> Answer {
        let title = "\(problem.status.code) \(problem.status.reasonPhrase)"
        var answer = Page(title: title, body: "<p>\(text(problem.detail)).</p>\n").answer
        answer.status = problem.status
        for field in problem.fields { answer.fields[field.name] = field.value }
        return answer
    }

    var answer: Answer {
        let html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.text(title))</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"><style>\(PageStyle.text)</style></head>
            <body><nav><a href="/">Feeds</a> <a href="/cluster">Cluster</a></nav>
            <main><h1>\(Self.text(title))</h1>
            \(body)</main></body></html>

            """
        return Answer(
            .ok, type: "text/html; charset=utf-8", html,
            fields: [
                .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
            ])
    }
}

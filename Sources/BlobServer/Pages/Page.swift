internal import BlobHTTP
internal import HTTPTypes
internal import ObjectStorage

/// A page for people. It needs no script, and loads nothing.
struct Page: Sendable {
    let title: String
    var body: String

    /// Text as it stands in HTML, in attributes, too.
    static func text(_ text: String) -> String { text.escapedForMarkup }

    /// A path as a link has it.
    static func link(_ path: String) -> String { PercentEncoding.encode(path, keepsSlashes: true) }

    /// A value as a query has it.
    static func query(_ value: String) -> String { PercentEncoding.encode(value) }

    /// A table with a head.
    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let head = heads.map { "<th scope=\"col\">\($0)</th>" }.joined()
        let lines = rows.map { "<tr>" + $0.map { "<td>\($0)</td>" }.joined() + "</tr>" }.joined(separator: "\n")
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
            <meta name="viewport" content="width=device-width, initial-scale=1"><style>\(Self.style)</style></head>
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

    private static let style = """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem}\
        nav a{margin-right:1rem}h1{font-size:1.4rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}\
        th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8885;overflow-wrap:anywhere}\
        .wide{overflow-x:auto}.bad{color:#c22;font-weight:600}
        """
}

internal import HTTPTypes
internal import NIOHTTP1

/// What a request's header must keep to before anything else looks at it.
///
/// The decoder accepts more than is safe behind a balancer: where the two read a request differently, one can be
/// smuggled inside of another.
/// - Source: RFC 9112, sections 3, 6 and 9; RFC 9110, section 10.1.1.
struct RequestRules: Sendable {
    let limits: ConnectionLimits

    /// How a connection goes on after a request.
    struct Terms: Equatable {
        var closes = false
    }

    /// Looks at a header, and brings its target into origin form.
    /// - Throws: what is wrong with it.
    func check(_ head: inout HTTPRequestHead) throws(Problem) -> Terms {
        guard head.version.major == 1, (0...1).contains(head.version.minor) else {
            throw Problem(.httpVersionNotSupported, "the node speaks HTTP/1.1")
        }
        guard head.uri.utf8.count <= limits.targetBytes else {
            throw Problem(.uriTooLong, "the target has more than \(limits.targetBytes) bytes")
        }
        guard head.headers.count <= limits.fields else {
            throw Problem(.requestHeaderFieldsTooLarge, "the request has more than \(limits.fields) header fields")
        }
        try checkFraming(head)
        let host = try host(of: head)
        head.uri = try originForm(head.uri, host)
        if let expectation = head.headers.first(name: "expect"), expectation.lowercased() != "100-continue" {
            throw Problem(.expectationFailed, "only 100-continue can be expected")
        }
        return Terms(closes: closes(head))
    }

    private func checkFraming(_ head: HTTPRequestHead) throws(Problem) {
        let codings = head.headers["transfer-encoding"]
        guard !codings.isEmpty else { return }
        guard codings.count == 1, codings[0].lowercased() == "chunked" else {
            throw Problem(.notImplemented, "the only transfer coding is \"chunked\", and only once")
        }
        guard head.version.minor == 1, !head.headers.contains(name: "content-length") else {
            throw Problem(.badRequest, "a chunked body belongs to HTTP/1.1, and has no Content-Length")
        }
    }

    /// Old health checks speak HTTP/1.0 and name no host.
    private func host(of head: HTTPRequestHead) throws(Problem) -> String? {
        let hosts = head.headers["host"]
        if hosts.isEmpty && head.version.minor == 0 { return nil }
        guard hosts.count == 1, Self.isHost(hosts[0]) else {
            throw Problem(.badRequest, "a request names exactly one host")
        }
        return hosts[0]
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "-._~:[]%!$&'()*+;=".utf8.contains(byte)
                }
            }
    }

    private func originForm(_ target: String, _ host: String?) throws(Problem) -> String {
        if target.utf8.first == UInt8(ascii: "/") { return target }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard authority.lowercased() == host?.lowercased() else { break }
            let path = rest.dropFirst(authority.count)
            return path.hasPrefix("/") ? String(path) : "/" + path
        }
        throw Problem(.badRequest, "the target is not a path of this host")
    }

    private func closes(_ head: HTTPRequestHead) -> Bool {
        if head.version.minor == 0 || head.method == .CONNECT { return true }
        let options = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        return options.contains("close") || options.contains("upgrade")
    }
}

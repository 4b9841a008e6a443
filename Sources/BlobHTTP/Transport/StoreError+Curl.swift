internal import CLibCurl
internal import ObjectStorage

extension StoreError {
    /// Classifies a failure of the transport, where it enters.
    /// - Parameters:
    ///   - detail: curl's own words, which may be empty.
    ///   - url: what was asked for; only its host is told.
    init(curl code: CURLcode, detail: String, url: String, advice: HTTPAdvice = HTTPAdvice()) {
        let host = Self.host(of: url)
        let meaning =
            Self.proxy(code, detail: detail, url: url, host: host) ?? Self.certificate(
                code, detail: detail, advice: advice)
            ?? Self.meaning(of: code, detail, isPlain: url.hasPrefix("http://"), advice)
        let words = detail.isEmpty ? CurlLibrary.words(for: code) : detail
        self.init(
            meaning.code, "\(host): \(meaning.sentence) (curl: \(words))", isRetryable: meaning.isRetryable,
            cause: .curl(Int32(bitPattern: code.rawValue)))
    }

    /// Whether it is certain that the server saw nothing of the request.
    package var wasNeverSent: Bool {
        guard case .curl(let code) = cause else { return false }
        return [
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CACERT_BADFILE,
        ].contains { Int32(bitPattern: $0.rawValue) == code }
    }

    /// Whether the server may have done what it was asked for: all but a refusal that it told in HTTP, and what was
    /// never sent.
    package var leavesDoubt: Bool {
        if case .http = cause { return isRetryable }
        return !wasNeverSent
    }

    private typealias Meaning = (code: Code, sentence: String, isRetryable: Bool)

    /// Where the proxy is what cannot be reached: curl then tells another host than the one asked for. Of the proxy's
    /// URL, which may carry credentials, it tells no more than that.
    private static func proxy(_ code: CURLcode, detail: String, url: String, host: String) -> Meaning? {
        if let status = tunnelStatus(detail) { return tunnel(status, host) }
        let words = detail.split(separator: " ").map(String.init)
        let isOfConnecting = [CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT].contains { $0 == code }
        guard isOfConnecting, detail.hasPrefix("Failed to connect to "), words.count > 6 else { return nil }
        var (name, port) = (words[4], ":\(words[6])")
        if words.count > 8, words[7] == "via" {
            // Later versions tell the host that was asked for, and then the proxy's name.
            (name, port) = (words[8], "")
        } else {
            let mine = endpoint(of: url)
            if mine.port == words[6], mine.name == name.lowercased() { return nil }
        }
        return (
            .unavailable,
            "the proxy \(name)\(port) cannot be reached; is it up, and are http_proxy, https_proxy, "
                + "all_proxy and no_proxy right?", true
        )
    }

    /// Host, without brackets, and port of a URL.
    private static func endpoint(of url: String) -> (name: String, port: String) {
        let end = url.firstRange(of: "://").flatMap { url[$0.upperBound...].firstIndex { "/?".contains($0) } }
        guard let server = ServerAddress(String(url[..<(end ?? url.endIndex)])) else { return (host(of: url), "") }
        let port = server.port.map { String($0) } ?? (server.scheme == "https" ? "443" : "80")
        return (server.host.filter { $0 != "[" && $0 != "]" }, port)
    }

    /// What a proxy answered that was asked to let through to a server.
    private static func tunnelStatus(_ detail: String) -> Int? {
        let words = detail.split(separator: " ")
        if detail.hasPrefix("CONNECT tunnel failed") { return words.last.flatMap { Int($0) } }
        guard detail.hasPrefix("Received HTTP code "), detail.contains("from proxy"), words.count > 3 else {
            return nil
        }
        return Int(words[3])
    }

    private static func tunnel(_ status: Int, _ host: String) -> Meaning {
        switch status {
        case 407:
            (.permissionDenied, "the proxy asks for credentials; write them into https_proxy or all_proxy", false)
        case 400..<500:
            (
                .permissionDenied,
                "the proxy blocks access to it (HTTP \(status)); name it in no_proxy, or have the proxy allow it",
                false
            )
        default: (.unavailable, "the proxy does not reach it (HTTP \(status))", true)
        }
    }

    /// What is wrong with a server's certificate, by the words of the TLS library.
    private static func certificate(_ code: CURLcode, detail: String, advice: HTTPAdvice) -> Meaning? {
        guard code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR else { return nil }
        func says(_ words: String...) -> Bool { words.contains { detail.contains($0) } }
        if says("not yet valid", "not yet activated") {
            return (
                .failed, "its certificate is not valid yet; set this machine's clock, or renew the certificate", false
            )
        }
        if says("expired") {
            return (
                .failed,
                "its certificate has expired; renew it on the server, or set this machine's clock if it is wrong",
                false
            )
        }
        if says("does not match", "no alternative certificate subject", "no matching") {
            return (.failed, "its certificate is for another name; \(advice.otherName)", false)
        }
        if says("revoked") { return (.failed, "its certificate was revoked; renew it on the server", false) }
        return nil
    }

    private static func meaning(
        of code: CURLcode, _ detail: String, isPlain: Bool, _ advice: HTTPAdvice
    ) -> Meaning {
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY:
            (.unavailable, "there is no such proxy; are http_proxy, https_proxy and all_proxy right?", true)
        case CURLE_COULDNT_RESOLVE_HOST:
            (.unavailable, "there is no such host, or no name server to ask; check the endpoint", true)
        case CURLE_COULDNT_CONNECT:
            (.unavailable, "the server cannot be reached; is it up, and is the port right?", true)
        case CURLE_OPERATION_TIMEDOUT: (.unavailable, "the server did not answer in time", true)
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            (.unavailable, "the connection broke", true)
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: (.unavailable, "this machine is out of memory", true)
        case CURLE_SSL_CONNECT_ERROR where isBroken(detail): (.unavailable, "the connection broke", true)
        case CURLE_SSL_CONNECT_ERROR:
            (.failed, "it does not speak TLS as expected; is the endpoint http:// instead of https://?", false)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            (
                .failed,
                "its certificate is from an authority that is unknown here; \(advice.unknownAuthority)",
                false
            )
        case CURLE_SSL_CACERT_BADFILE:
            (.failed, "the file of certificate authorities cannot be read; \(advice.authoritiesFile)", false)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            (
                .failed,
                "it does not speak HTTP; is this the endpoint of \(advice.server)"
                    + (isPlain ? ", or is it https://?" : "?"),
                false
            )
        case CURLE_URL_MALFORMAT: (.invalidArgument, "the endpoint is not a URL", false)
        default: (.failed, "the request failed", false)
        }
    }

    /// Whether a handshake ended with the connection, rather than over what was said.
    private static func isBroken(_ detail: String) -> Bool {
        ["SYSCALL", "reset", "Broken pipe", "unexpected eof", "timed out"].contains { detail.contains($0) }
    }

    private static func host(of url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let host = rest.prefix { $0 != "/" && $0 != "?" }
        return host.isEmpty ? "the server" : String(host)
    }
}

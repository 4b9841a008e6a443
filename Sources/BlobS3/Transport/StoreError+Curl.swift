internal import BlobStore
internal import CLibCurl

extension StoreError {
    /// Classifies a failure of the transport, where it enters.
    /// - Parameters:
    ///   - detail: curl's own words, which may be empty.
    ///   - url: what was asked for; only its host is told.
    init(curl code: CURLcode, detail: String, url: String) {
        let host = Self.host(of: url)
        let meaning =
            Self.proxy(code, detail, host) ?? Self.meaning(of: code, detail, isPlain: url.hasPrefix("http://"))
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        self.init(
            meaning.code, "\(host): \(meaning.sentence) (curl: \(words))", isRetryable: meaning.isRetryable,
            cause: .curl(Int32(bitPattern: code.rawValue)))
    }

    /// Whether it is certain that the server saw nothing of the request.
    var wasNeverSent: Bool {
        guard case .curl(let code) = cause else { return false }
        return [
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CACERT_BADFILE,
        ].contains { Int32(bitPattern: $0.rawValue) == code }
    }

    /// Whether the server may have done what it was asked for: all but a refusal that it told in HTTP, and what was
    /// never sent.
    var leavesDoubt: Bool {
        if case .http = cause { return isRetryable }
        return !wasNeverSent
    }

    private typealias Meaning = (code: Code, sentence: String, isRetryable: Bool)

    /// Where the proxy is what cannot be reached: curl then tells another host than the one asked for. Of the proxy's
    /// URL, which may carry credentials, it tells no more than that.
    private static func proxy(_ code: CURLcode, _ detail: String, _ host: String) -> Meaning? {
        let words = detail.split(separator: " ").map(String.init)
        let isOfConnecting = [CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT].contains { $0 == code }
        guard isOfConnecting, detail.hasPrefix("Failed to connect to "), words.count > 6 else { return nil }
        let (name, port) = (words[4], words[6])
        if "\(host):".hasPrefix("\(name):") || "\(host):".hasPrefix("[\(name)]:") { return nil }
        return (
            .unavailable,
            "the proxy \(name):\(port) cannot be reached: is it up, and are http_proxy, https_proxy, "
                + "all_proxy and no_proxy right", true
        )
    }

    private static func meaning(of code: CURLcode, _ detail: String, isPlain: Bool) -> Meaning {
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY:
            (.unavailable, "there is no such proxy: are http_proxy, https_proxy and all_proxy right", true)
        case CURLE_COULDNT_RESOLVE_HOST:
            (.unavailable, "there is no such host, or no name server to ask: check the endpoint", true)
        case CURLE_COULDNT_CONNECT:
            (.unavailable, "the server cannot be reached: is it up, and is the port right", true)
        case CURLE_OPERATION_TIMEDOUT: (.unavailable, "the server did not answer in time", true)
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            (.unavailable, "the connection broke", true)
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: (.unavailable, "this machine is out of memory", true)
        case CURLE_SSL_CONNECT_ERROR where isBroken(detail): (.unavailable, "the connection broke", true)
        case CURLE_SSL_CONNECT_ERROR:
            (.failed, "it does not speak TLS as expected: is the endpoint http:// rather than https://", false)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            (.failed, "its certificate is not trusted: set AWS_CA_BUNDLE to a file with its authority", false)
        case CURLE_SSL_CACERT_BADFILE: (.failed, "the file of certificate authorities cannot be read", false)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            (
                .failed,
                "it does not speak HTTP: is this the endpoint of an S3 server" + (isPlain ? ", or is it https://" : ""),
                false
            )
        case CURLE_URL_MALFORMAT: (.invalidArgument, "the endpoint is no URL", false)
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

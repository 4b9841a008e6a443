import CLibCurl
import ObjectStorage
import Testing

@testable import BlobHTTP

@Suite("What a failure of the transport means")
struct CurlErrorTests {
    private func error(_ code: CURLcode, _ detail: String, _ url: String) -> StoreError {
        var advice = HTTPAdvice()
        advice.unknownAuthority = "set MY_CA_BUNDLE"
        return StoreError(curl: code, detail: detail, url: url, advice: advice)
    }

    @Test(
        "a proxy that cannot be reached is told from the server, also where only the port differs",
        arguments: [
            (
                "Failed to connect to 127.0.0.1 port 3128 after 0 ms: Couldn't connect to server",
                "http://127.0.0.1:9000/b"
            ),
            ("Failed to connect to proxy port 3128 after 0 ms: Couldn't connect to server", "https://s3.example.net/b"),
            ("Failed to connect to ::1 port 3128 after 0 ms: Couldn't connect to server", "http://[::1]:9000/b"),
            (
                "Failed to connect to s3.example.net port 443 via proxy after 0 ms: Could not",
                "https://s3.example.net/b"
            ),
        ])
    func proxies(_ detail: String, _ url: String) {
        let error = error(CURLE_COULDNT_CONNECT, detail, url)
        #expect(error.code == .unavailable && error.message.contains("the proxy "))
    }

    @Test(
        "a server that cannot be reached is no proxy",
        arguments: [
            ("127.0.0.1 port 9000", "http://127.0.0.1:9000/b"),
            ("s3.example.net port 443", "https://S3.example.net/b?x"),
            ("h port 80", "http://h"), ("::1 port 9000", "http://[::1]:9000/b"),
        ])
    func servers(_ told: String, _ url: String) {
        let detail = "Failed to connect to \(told) after 0 ms: Couldn't connect to server"
        let error = error(CURLE_COULDNT_CONNECT, detail, url)
        #expect(error.code == .unavailable && !error.message.contains("proxy"))
    }

    @Test(
        "a proxy that does not let through says why",
        arguments: [
            ("CONNECT tunnel failed, response 407", StoreError.Code.permissionDenied, "asks for credentials"),
            ("Received HTTP code 403 from proxy after CONNECT", .permissionDenied, "blocks access"),
            ("CONNECT tunnel failed, response 503", .unavailable, "does not reach"),
        ])
    func tunnels(_ detail: String, _ code: StoreError.Code, _ words: String) {
        let error = error(CURLE_RECV_ERROR, detail, "https://s3.example.net/b")
        #expect(error.code == code && error.message.contains(words) && error.isRetryable == (code == .unavailable))
    }

    @Test(
        "the advice about a certificate fits what is wrong with it",
        arguments: [
            ("SSL certificate problem: certificate has expired", "has expired"),
            ("SSL certificate problem: certificate is not yet valid", "not valid yet"),
            ("SSL: no alternative certificate subject name matches target host name 'h'", "for another name"),
            ("SSL: certificate subject name 'x' does not match target host name 'h'", "for another name"),
            ("SSL certificate problem: self-signed certificate", "MY_CA_BUNDLE"),
            ("SSL certificate problem: unable to get local issuer certificate", "MY_CA_BUNDLE"),
            ("SSL certificate problem: certificate revoked", "revoked"),
        ])
    func certificates(_ detail: String, _ words: String) {
        let error = error(CURLE_PEER_FAILED_VERIFICATION, detail, "https://h/b")
        #expect(error.code == .failed && !error.isRetryable && error.message.contains(words))
        #expect(error.message.contains("MY_CA_BUNDLE") == (words == "MY_CA_BUNDLE"))
    }
}

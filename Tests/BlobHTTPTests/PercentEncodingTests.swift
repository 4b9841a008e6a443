import BlobHTTP
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test("listed names are decoded with either form of a space")
    func names() {
        #expect(PercentEncoding.decodeForm("a+b%2Bc/%C3%A9%25") == "a b+c/é%")
        #expect(PercentEncoding.decodeForm("a%20b%2bc") == "a b+c")
        #expect(PercentEncoding.decodeForm("plain/name") == "plain/name")
        for broken in ["%", "a%2", "%G0", "%FF"] { #expect(PercentEncoding.decodeForm(broken) == nil) }
    }
}

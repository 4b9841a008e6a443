internal import BlobStore

/// An answer, and what it says in XML.
struct Reply<Answer: XMLAnswer> {
    var response: HTTPResponse
    var answer: Answer?

    init(_ response: HTTPResponse) throws(StoreError) {
        self.response = response
        if !response.head.isSuccess { return }
        do throws(StoreError) { answer = try Answer.parse(response.body) } catch {
            guard let inside = try? ErrorAnswer.parse(response.body) else { throw error }
            self.response.head.status = ["InternalError", "SlowDown"].contains(inside.code) ? 500 : 400
        }
    }
}

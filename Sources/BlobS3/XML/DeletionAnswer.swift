/// What became of each of many names that were to be deleted: only failures are told.
/// - Source: DeleteObjects.
package struct DeletionAnswer: XMLAnswer, Equatable {
    package static let root = "DeleteResult"

    package struct Failure: Sendable, Equatable {
        package var key = ""
        package var code = ""
        package var message = ""
    }

    package private(set) var failures: [Failure] = []
    private var failure = Failure()

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if name == "Error" { failure = Failure() }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Error", "Key"): failure.key = text
        case ("Error", "Code"): failure.code = text
        case ("Error", "Message"): failure.message = text
        case (Self.root, "Error"): failures.append(failure)
        default: break
        }
    }

    /// What is asked of the server.
    static func request(_ names: some Sequence<String>) -> [UInt8] {
        let objects = names.map { "<Object><Key>\(escapedXML($0))</Key></Object>" }
        let space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return Array("<Delete xmlns=\"\(space)\"><Quiet>true</Quiet>\(objects.joined())</Delete>".utf8)
    }
}

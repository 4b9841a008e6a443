internal import BlobHTTP
internal import ObjectStorage

/// What became of each of many names that were to be deleted.
/// - Source: DeleteObjects.
package struct DeletionAnswer: XMLAnswer, Equatable {
    package static let root = "DeleteResult"

    package struct Failure: Sendable, Equatable {
        package var key = ""
        package var code = ""
        package var message = ""
    }

    package private(set) var failures: [Failure] = []
    /// The names that are told to be gone.
    package private(set) var deleted: [String] = []
    private var failure = Failure()

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if name == "Error" { failure = Failure() }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Deleted", "Key"): deleted.append(text)
        case ("Error", "Key"): failure.key = text
        case ("Error", "Code"): failure.code = text
        case ("Error", "Message"): failure.message = String(text.prefix(500))
        case (Self.root, "Error"): failures.append(failure)
        default: break
        }
    }

    package var gap: String? {
        failures.contains { $0.key.isEmpty || $0.code.isEmpty } ? "it has a failure without a name or a code" : nil
    }

    /// What is asked of the server: to tell of each name, so that none is taken for deleted that it says nothing of.
    static func request(_ names: some Sequence<String>) -> [UInt8] {
        let objects = names.map { "<Object><Key>\($0.escapedForMarkup)</Key></Object>" }
        let space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return Array("<Delete xmlns=\"\(space)\"><Quiet>false</Quiet>\(objects.joined())</Delete>".utf8)
    }
}

import BlobStore
import FoundationEssentials
import Testing

/// docs/escaping-vectors.json, which is part of the layout's specification.
private struct Vectors: Decodable {
    struct Accepted: Decodable, Sendable {
        let path: String
        let key: String
    }
    struct RefusedPath: Decodable, Sendable {
        let path: String
    }
    struct RefusedKey: Decodable, Sendable {
        let key: String
    }

    let paths: [Accepted]
    let refusedPaths: [RefusedPath]
    let refusedKeys: [RefusedKey]

    static func read() throws -> Vectors {
        try JSONDecoder().decode(Vectors.self, from: Repository.bytes("docs/escaping-vectors.json"))
    }
}

@Suite("The escaping vectors of the layout's specification")
struct EscapingVectorTests {
    @Test("every path has the key that the vectors give it, and every such key that path")
    func paths() throws {
        let vectors = try Vectors.read().paths
        #expect(vectors.count > 50)
        for vector in vectors {
            #expect(try PackagePath(vector.path).key.text == vector.key)
            let back = try PackagePath(of: Key(vector.key))
            #expect(Array(back.text.utf8) == Array(vector.path.utf8))
        }
    }

    @Test("every path that the vectors refuse is refused as an invalid key")
    func refusedPaths() throws {
        let vectors = try Vectors.read().refusedPaths
        #expect(vectors.count > 10)
        for vector in vectors {
            #expect("\(vector.path.prefix(40))") { try PackagePath(vector.path) } throws: {
                ($0 as? StoreError)?.code == .invalidKey
            }
        }
    }

    @Test("every key that the vectors refuse is refused as an invalid key")
    func refusedKeys() throws {
        let vectors = try Vectors.read().refusedKeys
        #expect(vectors.count > 10)
        for vector in vectors {
            #expect("\(vector.key)") { try PackagePath(of: Key(vector.key)) } throws: {
                ($0 as? StoreError)?.code == .invalidKey
            }
        }
    }
}

/// A document as it was read, with the version to expect when replacing it.
package struct Stored<Body: DocumentBody>: Sendable, Equatable {
    package let document: Document<Body>
    package let version: Record.Version

    package var body: Body { document.body }
}

extension Records {
    /// Reads and decodes a record; nil when it is absent.
    /// - Throws: `corrupt`, `unknownFormat`, and what reading throws.
    package func document<Body: DocumentBody>(
        _ key: Key, as: Body.Type = Body.self
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else { return nil }
        return try Stored(record, at: key)
    }

    /// Creates a record.
    /// - Throws: `preconditionFailed` when it exists; `outcomeUnknown`.
    package func create<Body: DocumentBody>(_ key: Key, _ body: Body) async throws(StoreError) -> Stored<Body> {
        try await write(Document(body), at: key, expecting: .absent)
    }

    /// Replaces exactly what was read.
    /// - Throws: `preconditionFailed` when it has changed since; `outcomeUnknown`.
    package func replace<Body: DocumentBody>(
        _ key: Key, _ stored: Stored<Body>, with body: Body
    ) async throws(StoreError) -> Stored<Body> {
        try await write(stored.document.successor(body), at: key, expecting: .version(stored.version))
    }

    /// Reads, changes and writes back, again while others win the race.
    /// - Parameter change: the new body, from the present one; nil to leave it.
    /// - Throws: `notFound`; `unavailable` when others won every time.
    package func update<Body: DocumentBody>(
        _ key: Key, as: Body.Type = Body.self,
        _ change: (Body) throws(StoreError) -> Body?
    ) async throws(StoreError) -> Stored<Body> {
        var backoff = Backoff()
        while true {
            guard let stored = try await document(key, as: Body.self) else {
                throw StoreError(.notFound, "there is no \(Body.title) at \(key)").during("update", key: key.text)
            }
            guard let body = try change(stored.body) else { return stored }
            do {
                return try await replace(key, stored, with: body)
            } catch  where error.code == .preconditionFailed {
                try await backoff.wait(or: error)
            }
        }
    }

    /// Writes a document, and finds out what became of it where the storage could not tell.
    private func write<Body: DocumentBody>(
        _ document: Document<Body>, at key: Key, expecting: Record.Expectation
    ) async throws(StoreError) -> Stored<Body> {
        let bytes = try document.bytes()
        var backoff = Backoff()
        while true {
            do {
                return Stored(document: document, version: try await writeRecord(key, bytes, expecting: expecting))
            } catch  where error.code == .outcomeUnknown {
                if let settled = try await settle(document, at: key, expecting: expecting, error) { return settled }
                // Undecided: the identical write once more.
                try await backoff.wait(or: error)
            }
        }
    }

    /// Reads back what an ambiguous write left: won, lost (thrown), or nil when nothing has happened yet.
    private func settle<Body: DocumentBody>(
        _ document: Document<Body>, at key: Key, expecting: Record.Expectation, _ unknown: StoreError
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else {
            if expecting == .absent { return nil }
            throw unknown
        }
        let current: Stored<Body> = try Stored(record, at: key)
        let isCreation = expecting == .absent
        switch document.lineage.outcome(by: current.document.lineage, isCreation: isCreation) {
        case .won:
            try await flushRecord(key)
            return current
        case .superseded:
            // Its version is gone, and nothing may be written on its strength.
            return Stored(document: document, version: .superseded)
        case .lost where expecting == .version(current.version), .unclear where expecting == .version(current.version):
            return nil
        case .unclear: throw unknown
        case .lost:
            throw StoreError(.preconditionFailed, "the \(Body.title) was changed by another writer").during(
                "settle", key: key.text)
        }
    }
}

extension Stored {
    /// - Throws: `corrupt`, `unknownFormat`.
    package init(_ record: Record, at key: Key) throws(StoreError) {
        if let flaw = record.flaw {
            throw StoreError(.corrupt, "the \(Body.title) is damaged: \(flaw)").during("readRecord", key: key.text)
        }
        do {
            document = try Document(bytes: record.bytes)
        } catch {
            throw error.during("readRecord", key: key.text)
        }
        version = record.version
    }
}

extension Record.Version {
    /// A version that no storage gives out.
    fileprivate static var superseded: Self { Self(token: "superseded") }
}

extension Records {
    /// Puts a new document over a record that cannot be read as one.
    /// - Parameter keep: is given the garbled bytes before they are replaced.
    /// - Returns: nil when the record is absent, or reads well by now.
    /// - Throws: `unknownFormat` for a record of a newer version, which is not garbled; `preconditionFailed`.
    package func replaceGarbled<Body: DocumentBody>(
        _ key: Key, with body: Body, isSound: (Body) -> Bool,
        keep: (_ garbled: [UInt8]) async throws(StoreError) -> Void
    ) async throws(StoreError) -> Stored<Body>? {
        guard let record = try await readRecord(key) else { return nil }
        do throws(StoreError) {
            if isSound(try Stored<Body>(record, at: key).body) { return nil }
        } catch  where error.code == .corrupt {}
        try await keep(record.bytes)
        let document = Document(body)
        let version = try await writeRecord(key, document.bytes(), expecting: .version(record.version))
        return Stored(document: document, version: version)
    }
}

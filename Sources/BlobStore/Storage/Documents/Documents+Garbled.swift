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

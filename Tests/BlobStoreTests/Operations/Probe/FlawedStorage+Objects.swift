import BlobStore
import Synchronization

extension FlawedStorage {
    func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        if flaw == .recordKeysPass && key.isRecord { return nil }
        if flaw == .absenceIsRemembered && memory.withLock({ $0.absent.contains(key) }) { return nil }
        let info = try await base.statObject(key)
        if info == nil { memory.withLock { _ = $0.absent.insert(key) } }
        if info == nil && flaw == .absentHasSizeZero { return ObjectInfo(size: 0, age: .zero) }
        return info
    }

    func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let info = try await base.statObject(key)
        let size = info?.size ?? 0
        if flaw == .rangeBeyondTheEndIsEmpty, let info, let range, range.lowerBound > size {
            return try await body(ObjectContent(info: info, range: size..<size, chunks: .chunks(of: [])))
        }
        var shifted = range
        if flaw == .rangeIsOffByOne, let range, range.upperBound < size {
            shifted = range.lowerBound..<(range.upperBound + 1)
        }
        do {
            return try await base.readObject(key, range: shifted, in: pieces) {
                content async throws(StoreError) -> Value in
                let chunks = flawed(content.chunks, of: key)
                return try await body(ObjectContent(info: content.info, range: content.range, chunks: chunks))
            }
        } catch {
            if flaw == .readersErrorIsReplaced && error.code != .notFound { throw StoreError(.failed, "\(error)") }
            throw error
        }
    }

    private func flawed(_ chunks: AsyncPull<[UInt8]>, of key: Key) -> AsyncPull<[UInt8]> {
        let next = chunks.puller()
        let passed = Turns()
        return AsyncPull { () async throws(StoreError) in
            let turn = passed.next()
            if self.flaw == .readEndsEarly && turn == 2 { return nil }
            if self.flaw == .removalEndsReading, turn > 0, try await self.base.statObject(key) == nil { return nil }
            return try await next()
        }
    }

    func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        switch flaw {
        case .recordKeysPass where key.isRecord: return .created
        case .writeDropsLastByte where source.size > 1 << 20:
            var bytes = try await source.read().flattened()
            bytes.removeLast()
            return try await base.writeObject(key, ObjectSource(bytes))
        case .otherSizeIsReplaced: try await base.removeObject(key)
        case .failedWriteLeavesItsPart, .cancelledWriteLeavesItsPart: return try await writePart(key, source)
        case .sizeIsNotCompared:
            return try await base.writeObject(key, ObjectSource(try await source.read().flattened()))
        case .rewriteKeepsAge: if try await base.statObject(key) != nil { return .present }
        case .presentIsAnError: if try await base.statObject(key) != nil { throw StoreError(.alreadyExists, "there") }
        case .removedStaysTaken where memory.withLock { $0.removed.contains(key) }: return .present
        default: break
        }
        let outcome = try await base.writeObject(key, source)
        return flaw == .rewriteIsCreated ? .created : outcome
    }

    /// Puts at the key what came before the source failed.
    private func writePart(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        var bytes: [UInt8] = []
        do throws(StoreError) {
            for try await chunk in try await source.read() {
                if Task.isCancelled { throw StoreError(.cancelled, "cancelled") }
                bytes += chunk
                if flaw == .cancelledWriteLeavesItsPart { _ = try await base.writeObject(key, ObjectSource(bytes)) }
            }
        } catch {
            _ = try await base.writeObject(key, ObjectSource(bytes))
            throw error
        }
        return try await base.writeObject(key, ObjectSource(bytes))
    }

    func stageObject() async throws(StoreError) -> StagedObject {
        StagedObject(FlawedUpload(try await base.stageObject(), storage: self))
    }

    func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        if flaw == .recordKeysPass && key.isRecord { return false }
        if flaw == .refreshDoesNothing { return try await base.statObject(key)?.size == size }
        return try await base.refreshObject(key, size: size)
    }

    func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        switch flaw {
        case .moveOverwrites: try await base.removeObject(destination)
        case .moveLeavesTheOldName: return _ = try await base.copyObject(from: base, key, to: destination)
        case .moveCopies:
            _ = try await base.copyObject(from: base, key, to: destination)
            await pause()
            return try await base.removeObject(key)
        default: break
        }
        try await base.moveObject(key, to: destination)
    }

    func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        if flaw == .copyIsRefused { throw StoreError(.unsupported, "no copies") }
        if flaw == .copyOverwrites { try await base.removeObject(destination) }
        return try await base.copyObject(from: source, key, to: destination)
    }

    func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        if flaw == .recordKeysPass { return keys.map { _ in .success(()) } }
        var results = try await base.removeObjects(keys)
        for (index, key) in keys.enumerated() {
            let isKnown = memory.withLock { !$0.removed.insert(key).inserted }
            if flaw == .missingIsNotRemoved && isKnown { results[index] = .failure(StoreError(.notFound, "missing")) }
        }
        return results
    }
}

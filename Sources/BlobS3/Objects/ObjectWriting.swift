internal import BlobStore

/// One object on its way to the server: in one request, or in parts side by side.
struct ObjectWriting: Sendable {
    /// Up to here content is sent without asking first whether it is there.
    private static let unaskedBytes: Int64 = 1 << 20
    private static let partsAtATime = 3
    private static let maximumTries = 5
    /// Bounds the memory of all uploads of this process together.
    private static let buffers = Turnstile(places: 3)

    let storage: S3Storage
    let key: Key
    let name: String
    let size: Int64

    func run(_ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        guard size <= PartPlan.largestObjectBytes else {
            throw StoreError(.invalidArgument, "\"\(key)\" has \(size) bytes, and S3 servers take at most 5 TiB")
        }
        if size > Self.unaskedBytes, let outcome = try await present() { return outcome }
        if size <= Int64(PartPlan.largestSinglePartBytes) {
            return try await Self.buffers.pass { () async throws(StoreError) in
                var blocks = Blocks(try await source.read(), of: Int(size), key: key, size: size)
                let bytes = try await blocks.next() ?? []
                _ = try await blocks.next()
                return try await put(bytes)
            }
        }
        try await sendInParts(source)
        return .created
    }

    /// What stands there already; nil when nothing does.
    private func present() async throws(StoreError) -> CommitOutcome? {
        guard let found = try await storage.head(name) else { return nil }
        if found.info.size != size { throw StoreError.otherSize(key, found: found.info.size, wanted: size) }
        return try await storage.refreshObject(key, size: size) ? .present : nil
    }

    private func put(_ bytes: [UInt8]) async throws(StoreError) -> CommitOutcome {
        let holdsCreation = try await storage.guarantees.settled().holdsCreation
        var call = S3Call("PUT", name)
        try call.set(hashedBody: bytes)
        if holdsCreation {
            call.headers["If-None-Match"] = "*"
            call.accepted = [412]
        }
        for _ in 0..<Self.maximumTries {
            if !holdsCreation, let outcome = try await present() { return outcome }
            let response = try await storage.session.send(call)
            if response.status != 412 { return .created }
            if let outcome = try await present() { return outcome }
        }
        throw StoreError(.unavailable, "\"\(key)\" kept coming and going while it was written: try again")
    }
}

// MARK: - In parts

extension ObjectWriting {
    private func sendInParts(_ source: ObjectSource) async throws(StoreError) {
        let plan = PartPlan(size: size)
        let upload = try await MultipartUpload.begin(name, size: size, isHashed: true, in: storage.session)
        do throws(StoreError) {
            let blocks = Blocks(try await source.read(), of: Int(plan.partSizeBytes), key: key, size: size)
            try await upload.complete(try await send(blocks, upload).get())
        } catch {
            await upload.abort()
            throw error
        }
    }

    private typealias Sent = (index: Int, part: Result<MultipartUpload.Part, StoreError>)

    private func send(
        _ blocks: Blocks, _ upload: MultipartUpload
    ) async -> Result<[MultipartUpload.Part], StoreError> {
        await withTaskGroup(of: Sent.self) { group in
            var blocks = blocks
            var parts: [Int: MultipartUpload.Part] = [:]
            var failure: StoreError?
            var begun = 0
            func note(_ sent: Sent) {
                switch sent.part {
                case .success(let part): parts[sent.index] = part
                case .failure(let error): failure = failure ?? error
                }
            }
            while failure == nil {
                if begun - parts.count >= Self.partsAtATime, let sent = await group.next() {
                    note(sent)
                    continue
                }
                do throws(StoreError) {
                    guard
                        let block = try await Self.withBuffer({ () async throws(StoreError) in try await blocks.next() }
                        )
                    else { break }
                    let index = begun
                    begun += 1
                    group.addTask { (index, await Self.send(block, index, upload)) }
                } catch { failure = error }
            }
            if failure != nil { group.cancelAll() }
            for await sent in group { note(sent) }
            if let failure { return .failure(failure) }
            return .success((0..<begun).compactMap { parts[$0] })
        }
    }

    /// Reads a block with a place for it taken; it is given back here only when there is no block.
    private static func withBuffer(
        _ read: () async throws(StoreError) -> [UInt8]?
    ) async throws(StoreError) -> [UInt8]? {
        try await buffers.enter()
        do throws(StoreError) {
            if let block = try await read() { return block }
        } catch {
            buffers.leave()
            throw error
        }
        buffers.leave()
        return nil
    }

    private static func send(
        _ block: [UInt8], _ index: Int, _ upload: MultipartUpload
    ) async -> Result<MultipartUpload.Part, StoreError> {
        defer { buffers.leave() }
        do throws(StoreError) { return .success(try await upload.send(block, number: index + 1)) } catch {
            return .failure(error)
        }
    }
}

/// Content in blocks of one size, the last one shorter, which together must be as long as was said.
struct Blocks {
    private let chunks: AsyncPull<[UInt8]>.Fetch
    private let blockSize: Int
    private let key: Key
    private let size: Int64
    private var left: [UInt8] = []
    private var delivered: Int64 = 0

    init(_ chunks: AsyncPull<[UInt8]>, of blockSize: Int, key: Key, size: Int64) {
        self.chunks = chunks.puller()
        self.blockSize = max(blockSize, 1)
        self.key = key
        self.size = size
    }

    /// - Throws: `sourceFailed` at the end of content that is shorter or longer than was said; `cancelled`.
    mutating func next() async throws(StoreError) -> [UInt8]? {
        var block = left
        left = []
        while block.count < blockSize, let chunk = try await chunks() {
            if Task.isCancelled { throw StoreError(.cancelled, "the write of \"\(key)\" was cancelled") }
            if block.isEmpty { block.reserveCapacity(Int(min(Int64(blockSize), size - delivered))) }
            let room = min(blockSize - block.count, chunk.count)
            block += chunk[..<room]
            left = Array(chunk[room...])
        }
        delivered += Int64(block.count)
        guard delivered <= size, !block.isEmpty || delivered == size else {
            throw StoreError(
                .sourceFailed, "the content for \"\(key)\" is not of \(size) bytes as it was: it changed meanwhile")
        }
        return block.isEmpty ? nil : block
    }
}

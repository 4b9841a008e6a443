internal import BlobSystem
internal import CLibCurl
internal import Glibc
internal import ObjectStorage
internal import Synchronization

/// One request and its answer: filled by the loop's thread, emptied by one reader.
final class Transfer: @unchecked Sendable {  // What is not under the mutex belongs to the loop's thread.
    enum Mode {
        /// The reader wants all of it at once.
        case collecting(limit: Int)
        /// The reader wants the bytes as they come, and holds them back by not taking them.
        case streaming(limit: Int)
    }

    private struct State {
        var head: HTTPHead?
        var chunks: [[UInt8]] = []
        var bufferedBytes = 0
        var isHeldBack = false
        var end: Result<Void, StoreError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Large enough that a chunk costs little, small enough that many transfers fit in memory.
    private static let chunkCapacity = 256 << 10
    /// What an error has to say stands in its beginning, however long a page some proxy makes of it.
    private static let errorBytes = 64 << 10

    let request: HTTPRequest
    private let mode: Mode
    private let limit: Int
    /// Whether it goes on when its reader's task is cancelled.
    private let isShielded: Bool
    private let loop: TransferLoop
    private let state = Mutex(State())

    // The loop's thread's own.
    var handle: UnsafeMutableRawPointer?
    var sentBytes: Int64 = 0
    var receiving = HTTPHead(status: 0)
    var hasHead = false
    var failure: StoreError?
    /// Whether the rest of an error's answer is left where it is.
    var isCut = false

    init(_ request: HTTPRequest, mode: Mode, isShielded: Bool, loop: TransferLoop) {
        self.request = request
        self.mode = mode
        self.isShielded = isShielded
        limit =
            switch mode {
            case .collecting(let limit), .streaming(let limit): limit
            }
        self.loop = loop
    }
}

// MARK: - The reader's side

extension Transfer {
    func begin() { loop.post(.add(self)) }

    /// Ends it, unless it has ended.
    func cancel() {
        if !isEnded { loop.post(.cancel(self)) }
    }

    var isEnded: Bool { state.withLock { $0.end != nil } }

    /// Waits for the answer's head; when collecting, for all of the answer.
    func head() async throws(StoreError) -> HTTPHead {
        let isWhole = if case .collecting = mode { true } else { false }
        await wait { $0.end != nil || (!isWhole && $0.head != nil) }
        let (head, end) = state.withLock { ($0.head, $0.end) }
        if case .failure(let error) = end, isWhole || head == nil { throw error }
        guard let head else { throw StoreError(.unavailable, "the server closed the connection without an answer") }
        return head
    }

    /// The next bytes; nil at the end, which is told only after all of the body arrived.
    func nextChunk() async throws(StoreError) -> [UInt8]? {
        await wait { !$0.chunks.isEmpty || $0.end != nil }
        let (chunk, end, mustGoOn) = state.withLock { state -> ([UInt8]?, Result<Void, StoreError>?, Bool) in
            guard let chunk = state.chunks.first else { return (nil, state.end, false) }
            state.chunks.removeFirst()
            state.bufferedBytes -= chunk.count
            let mustGoOn = state.isHeldBack && state.bufferedBytes <= limit / 2
            if mustGoOn { state.isHeldBack = false }
            return (chunk, nil, mustGoOn)
        }
        if mustGoOn { loop.post(.goOn(self)) }
        try end?.get()
        return chunk
    }

    private func wait(until isReady: @escaping @Sendable (borrowing State) -> Bool) async {
        await withTaskCancellationHandler {
            while !state.withLock({ isReady($0) }) {
                await withCheckedContinuation { continuation in
                    let mustWait = state.withLock { state in
                        if isReady(state) { return false }
                        state.waiter = continuation
                        return true
                    }
                    if !mustWait { continuation.resume() }
                }
            }
        } onCancel: {
            if !isShielded { cancel() }
        }
    }
}

// MARK: - The loop's side

extension Transfer {
    func end(_ outcome: Result<Void, StoreError>) {
        wake { state in
            if state.end == nil { state.end = outcome }
        }
    }

    func deliver(_ head: HTTPHead) {
        if case .collecting = mode { state.withLock { $0.head = head } } else { wake { $0.head = head } }
    }

    /// - Returns: whether the bytes were taken; else they are to be offered again when the reader has caught up.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if case .collecting = mode { return collect(bytes) }
        var isTaken = true
        wake { state in
            guard state.bufferedBytes < limit else {
                state.isHeldBack = true
                isTaken = false
                return
            }
            state.bufferedBytes += bytes.count
            let last = state.chunks.count - 1
            if last >= 0, state.chunks[last].count + bytes.count <= Self.chunkCapacity {
                state.chunks[last].append(contentsOf: bytes)
                return
            }
            var chunk: [UInt8] = []
            // One that follows another is likely to be filled before it is taken.
            if last >= 0 { chunk.reserveCapacity(Self.chunkCapacity) }
            chunk.append(contentsOf: bytes)
            state.chunks.append(chunk)
        }
        return isTaken
    }

    private func collect(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let isError = receiving.status >= 300
        return state.withLock { state in
            if isError, state.bufferedBytes + bytes.count > min(limit, Self.errorBytes) {
                isCut = true
                return false
            }
            if state.bufferedBytes + bytes.count > limit {
                failure = StoreError(.failed, "the server's answer is longer than the limit of \(limit) bytes")
                return true
            }
            state.bufferedBytes += bytes.count
            if state.chunks.isEmpty { state.chunks = [[]] }
            state.chunks[0].append(contentsOf: bytes)
            return true
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}

// MARK: - What curl calls

// What curl calls, on the loop's thread.
extension Transfer {
    /// Sets everything on a fresh or reset handle.
    func prepare(_ easy: EasyHandle, certificates: String?) throws(StoreError) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        try easy.collectDetail()
        try easy.set(CURLOPT_URL, request.url)
        try easy.set(CURLOPT_PATH_AS_IS, 1)
        try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try easy.set(CURLOPT_NOSIGNAL, 1)
        if !request.usesProxy { try easy.set(CURLOPT_NOPROXY, "*") }
        try easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Answers to uploads are short: without this each part under way would hold 2 MiB more.
        try easy.set(CURLOPT_BUFFERSIZE, request.body.count > 1 << 20 ? 64 << 10 : 2 << 20)
        if let certificates {
            try easy.set(CURLOPT_CAINFO, certificates)
            // A directory beside the file would switch curl's cache of authorities off: 33 ms for each connection.
            try easy.set(CURLOPT_CAPATH, nil)
        }
        try setTimeouts(easy)
        try setMethod(easy, me)
        try easy.set(headers: request.headers)
        try easy.set(CURLOPT_HEADERFUNCTION, receiveHeader)
        try easy.set(CURLOPT_HEADERDATA, pointer: me)
        try easy.set(CURLOPT_WRITEFUNCTION, receiveBody)
        try easy.set(CURLOPT_WRITEDATA, pointer: me)
    }

    private func setTimeouts(_ easy: EasyHandle) throws(StoreError) {
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.milliseconds)
        // A transfer that its reader holds back does not count as stalled.
        try easy.set(CURLOPT_LOW_SPEED_LIMIT, request.timeouts.slowestBytesPerSecond)
        try easy.set(CURLOPT_LOW_SPEED_TIME, max(1, request.timeouts.stall.milliseconds / 1_000))
        if let total = request.timeouts.total { try easy.set(CURLOPT_TIMEOUT_MS, total.milliseconds) }
    }

    private func setMethod(_ easy: EasyHandle, _ me: UnsafeMutableRawPointer) throws(StoreError) {
        switch (request.method, request.body) {
        case ("GET", .none): try easy.set(CURLOPT_HTTPGET, 1)
        case ("HEAD", .none): try easy.set(CURLOPT_NOBODY, 1)
        case ("DELETE", .none): try easy.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        default:
            try easy.set(CURLOPT_UPLOAD, 1)
            if request.method != "PUT" { try easy.set(CURLOPT_CUSTOMREQUEST, request.method) }
            try easy.set(CURLOPT_UPLOAD_BUFFERSIZE, Int(min(max(request.body.count, 64 << 10), 2 << 20)))
            try easy.set(CURLOPT_INFILESIZE_LARGE, offset: request.body.count)
            try easy.set(CURLOPT_READFUNCTION, sendBody)
            try easy.set(CURLOPT_READDATA, pointer: me)
            try easy.setSeek(rewindBody)
            try easy.set(CURLOPT_SEEKDATA, pointer: me)
        }
    }

    /// What curl's result means, with what came before it.
    func outcome(of code: CURLcode, on easy: EasyHandle, advice: HTTPAdvice) -> Result<Void, StoreError> {
        if let failure { return .failure(failure) }
        if code == CURLE_OK || isCut { return .success(()) }
        // A server that answered and then closed, without waiting for the body: the answer stands.
        if hasHead, receiving.status >= 300, code == CURLE_SEND_ERROR { return .success(()) }
        return .failure(StoreError(curl: code, detail: easy.failureDetail, url: request.url, advice: advice))
    }

    fileprivate func take(headerLine line: UnsafeRawBufferPointer) {
        // What follows the body are trailers, which nobody asked for.
        if hasHead { return }
        var text = Substring(decoding: line, as: UTF8.self)
        while text.last?.isNewline == true || text.last == " " { text.removeLast() }
        if text.hasPrefix("HTTP/") {
            let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
            receiving = HTTPHead(status: status ?? 0)
        } else if text.isEmpty {
            // 1xx is no answer; some servers send two.
            guard receiving.status >= 200 else { return }
            hasHead = true
            deliver(receiving)
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            receiving.headers.append(String(text[..<colon]), String(value))
        }
    }

    /// - Returns: the number of bytes, or one of curl's values for "not now" and "give up".
    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = Int(min(Int64(buffer.count), request.body.count - sentBytes))
        if count <= 0 { return 0 }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        switch request.body {
        case .none: return 0
        case .bytes(let bytes):
            bytes.withUnsafeBytes { all in
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[Int(sentBytes)...].prefix(count)))
            }
            sentBytes += Int64(count)
            return count
        case .file(let descriptor, let offset, _):
            let calls = UninterruptedCalls(LinuxCalls())
            let read = try? calls.read(descriptor, into: part, at: offset + sentBytes)
            guard let read, read > 0 else {
                failure = StoreError(.sourceFailed, "the file to send could not be read, or became shorter")
                return Int(CURL_READFUNC_ABORT)
            }
            sentBytes += Int64(read)
            return read
        }
    }
}

extension Duration {
    var milliseconds: Int { Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}

private typealias DataFunction =
    @convention(c) (
        UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
    ) -> Int

private func transfer(_ raw: UnsafeMutableRawPointer) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(raw).takeUnretainedValue()
}

private let receiveHeader: DataFunction = { bytes, size, count, raw in
    guard let raw else { return 0 }
    transfer(raw).take(headerLine: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private let receiveBody: DataFunction = { bytes, size, count, raw in
    guard let raw else { return 0 }
    let transfer = transfer(raw)
    let isTaken = transfer.deliver(UnsafeRawBufferPointer(start: bytes, count: size * count))
    if transfer.failure != nil || transfer.isCut { return 0 }
    return isTaken ? size * count : Int(CURL_WRITEFUNC_PAUSE)
}

private let sendBody: DataFunction = { bytes, size, count, raw in
    guard let raw else { return Int(CURL_READFUNC_ABORT) }
    return transfer(raw).read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

/// curl sends a body again by itself where a kept connection turns out to be closed.
private let rewindBody: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32 = { raw, offset, origin in
    guard let raw, origin == SEEK_SET, offset >= 0 else { return CURL_SEEKFUNC_CANTSEEK }
    let transfer = transfer(raw)
    guard transfer.request.mayBeResent || transfer.sentBytes == 0 else { return CURL_SEEKFUNC_FAIL }
    transfer.sentBytes = Int64(offset)
    return CURL_SEEKFUNC_OK
}

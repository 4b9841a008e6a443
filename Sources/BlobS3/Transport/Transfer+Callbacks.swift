internal import BlobStore
internal import BlobSystem
internal import CLibCurl
internal import Glibc

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
        try setPatience(easy)
        try setMethod(easy, me)
        try easy.set(headers: request.headers)
        try easy.set(CURLOPT_HEADERFUNCTION, receiveHeader)
        try easy.set(CURLOPT_HEADERDATA, pointer: me)
        try easy.set(CURLOPT_WRITEFUNCTION, receiveBody)
        try easy.set(CURLOPT_WRITEDATA, pointer: me)
    }

    private func setPatience(_ easy: EasyHandle) throws(StoreError) {
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, request.patience.connect.milliseconds)
        // A transfer that its reader holds back does not count as stalled.
        try easy.set(CURLOPT_LOW_SPEED_LIMIT, request.patience.slowestBytesPerSecond)
        try easy.set(CURLOPT_LOW_SPEED_TIME, max(1, request.patience.stall.milliseconds / 1_000))
        if let total = request.patience.total { try easy.set(CURLOPT_TIMEOUT_MS, total.milliseconds) }
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
    func outcome(_ code: CURLcode, _ easy: EasyHandle) -> Result<Void, StoreError> {
        if let failure { return .failure(failure) }
        if code == CURLE_OK { return .success(()) }
        // A server that answered and then closed, without waiting for the body: the answer stands.
        if hasHead, receiving.status >= 300, code == CURLE_SEND_ERROR { return .success(()) }
        return .failure(StoreError(curl: code, detail: easy.failureDetail, url: request.url))
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
                failure = StoreError(.sourceFailed, "the file to send could not be read, or has become shorter")
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
    if transfer.failure != nil { return 0 }
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

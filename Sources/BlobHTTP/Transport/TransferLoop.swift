internal import BlobSystem
internal import CLibCurl
internal import ObjectStorage
internal import Synchronization

/// A thread that runs transfers, many at once.
///
/// Everything of curl's is touched by this thread alone; others leave commands in the inbox, and wake the thread
/// only when the inbox was empty.
final class TransferLoop: @unchecked Sendable {  // What is not under the mutex belongs to the loop's thread.
    enum Command {
        case add(Transfer)
        case cancel(Transfer)
        case goOn(Transfer)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        var hasThread = false
        var isStopped = false
    }

    private static let pollMilliseconds: Int32 = 10_000

    private let certificates: String?
    private let advice: HTTPAdvice
    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer?
    private var running: [UnsafeMutableRawPointer: (transfer: Transfer, handle: EasyHandle)] = [:]

    init(certificates: String?, advice: HTTPAdvice) {
        self.certificates = certificates
        self.advice = advice
        multi = CurlLibrary.flaw == nil ? blob_curl_multi_init() : nil
        guard let multi else { return }
        _ = blob_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 512)
        _ = blob_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    deinit { _ = multi.map(blob_curl_multi_cleanup) }

    /// Leaves a command for the thread, which is started with the first.
    func post(_ command: Command) {
        let (wasEmpty, needsThread, isStopped) = inbox.withLock { inbox in
            if inbox.isStopped { return (false, false, true) }
            inbox.commands.append(command)
            let needsThread = !inbox.hasThread
            inbox.hasThread = true
            return (inbox.commands.count == 1, needsThread, false)
        }
        if isStopped, case .add(let transfer) = command { transfer.end(.failure(Self.stopped)) }
        if needsThread { start() } else if wasEmpty, let multi { blob_curl_multi_wakeup(multi) }
    }

    func stop() { post(.stop) }

    private func start() {
        if multi != nil, Thread.start(named: "blob-http", { [self] in run() }) { return }
        refuseAll(
            CurlLibrary.flaw
                ?? StoreError(.unavailable, "this process has no memory or threads left for connections"))
    }

    private func refuseAll(_ error: StoreError) {
        let commands = inbox.withLock { inbox in
            inbox.hasThread = false
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for case .add(let transfer) in commands { transfer.end(.failure(error)) }
    }

    private static var stopped: StoreError {
        StoreError(.unavailable, "the connections of this storage were closed", isRetryable: false)
    }
}

// MARK: - On the loop's thread

extension TransferLoop {
    private func run() {
        guard let multi else { return }
        var isStopping = false
        while !isStopping {
            isStopping = takeCommands()
            var count: Int32 = 0
            blob_curl_multi_perform(multi, &count)
            finishEnded(multi)
            let isIdle = inbox.withLock { $0.commands.isEmpty }
            if isIdle && !isStopping { blob_curl_multi_poll(multi, Self.pollMilliseconds) }
        }
        for (transfer, _) in running.values { remove(transfer, .failure(Self.stopped)) }
        inbox.withLock { $0.isStopped = true }
        refuseAll(Self.stopped)
    }

    /// - Returns: whether to stop.
    private func takeCommands() -> Bool {
        let commands = inbox.withLock { inbox in
            defer { inbox.commands.removeAll(keepingCapacity: true) }
            return inbox.commands
        }
        var isStopping = false
        for command in commands {
            switch command {
            case .add(let transfer): add(transfer)
            case .cancel(let transfer): remove(transfer, .failure(StoreError(.cancelled, "the request was cancelled")))
            case .goOn(let transfer): if let raw = transfer.handle { blob_curl_easy_pause(raw, CURLPAUSE_CONT) }
            case .stop: isStopping = true
            }
        }
        return isStopping
    }

    private func add(_ transfer: Transfer) {
        guard !transfer.isEnded else { return }
        // Each has a handle of its own: in one that is used again libcurl (7.88 for one) looks at what it has freed
        // when the first field of an answer begins with a blank. Connections are the multi handle's, and are kept.
        guard let multi, let handle = EasyHandle() else {
            return transfer.end(.failure(StoreError(curl: CURLE_OUT_OF_MEMORY, detail: "", url: "")))
        }
        do throws(StoreError) {
            try transfer.prepare(handle, certificates: certificates)
        } catch {
            return transfer.end(.failure(error))
        }
        guard blob_curl_multi_add_handle(multi, handle.raw) == CURLM_OK else {
            return transfer.end(.failure(StoreError(curl: CURLE_FAILED_INIT, detail: "", url: "")))
        }
        transfer.handle = handle.raw
        running[handle.raw] = (transfer, handle)
    }

    private func finishEnded(_ multi: UnsafeMutableRawPointer) {
        var left: Int32 = 0
        while let message = blob_curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let raw = message.pointee.easy_handle,
                let (transfer, handle) = running[raw]
            else { continue }
            let code = blob_curl_result(message)
            remove(transfer, transfer.outcome(of: code, on: handle, advice: advice))
        }
    }

    private func remove(_ transfer: Transfer, _ outcome: Result<Void, StoreError>) {
        guard let multi, let raw = transfer.handle, running[raw] != nil else {
            return transfer.end(outcome)
        }
        blob_curl_multi_remove_handle(multi, raw)
        running[raw] = nil
        transfer.handle = nil
        transfer.end(outcome)
    }
}

// MARK: - Handles

/// Owns one of curl's easy handles, and checks every option that is set on it. Used by its loop's thread alone.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private let detail: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?

    /// Fails where memory is out.
    init?() {
        guard let raw = blob_curl_easy_init() else { return nil }
        self.raw = raw
        detail = .allocate(capacity: Int(CURL_ERROR_SIZE))
        detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        blob_curl_easy_cleanup(raw)
        blob_curl_slist_free_all(fields)
        detail.deallocate()
    }

    /// What curl has to say about the last failure, beyond its code; empty when nothing.
    var failureDetail: String { String(cString: detail) }

    func set(_ option: CURLoption, _ value: Int) throws(StoreError) {
        try check(option, blob_curl_set_long(raw, option, value))
    }

    func set(_ option: CURLoption, offset value: Int64) throws(StoreError) {
        try check(option, blob_curl_set_offset(raw, option, curl_off_t(value)))
    }

    /// curl keeps a copy of the text.
    func set(_ option: CURLoption, _ value: String?) throws(StoreError) {
        try check(option, blob_curl_set_string(raw, option, value))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(StoreError) {
        try check(option, blob_curl_set_pointer(raw, option, pointer))
    }

    func set(
        _ option: CURLoption,
        _ function:
            @convention(c) (
                UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
            ) -> Int
    ) throws(StoreError) {
        try check(option, blob_curl_set_data(raw, option, function))
    }

    func setSeek(
        _ function: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32
    ) throws(StoreError) {
        try check(CURLOPT_SEEKFUNCTION, blob_curl_set_seek(raw, CURLOPT_SEEKFUNCTION, function))
    }

    /// Collects curl's words about failures.
    func collectDetail() throws(StoreError) {
        try check(CURLOPT_ERRORBUFFER, blob_curl_set_pointer(raw, CURLOPT_ERRORBUFFER, detail))
    }

    func set(headers: HTTPHeaders) throws(StoreError) {
        // "Expect: 100-continue" costs a round trip, and some servers answer it twice.
        var lines = ["Expect:"]
        for field in headers.fields {
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for line in lines {
            guard let longer = blob_curl_slist_append(fields, line) else {
                throw StoreError(curl: CURLE_OUT_OF_MEMORY, detail: "", url: "")
            }
            fields = longer
        }
        try set(CURLOPT_HTTPHEADER, pointer: fields)
    }

    private func check(_ option: CURLoption, _ code: CURLcode) throws(StoreError) {
        guard code != CURLE_OK else { return }
        throw StoreError(curl: code, detail: "the option \(option.rawValue) was refused", url: "")
    }
}

internal import BlobStore
internal import BlobSystem
internal import CLibCurl
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

    private static let maximumIdleHandles = 64
    private static let pollMilliseconds: Int32 = 10_000

    private let certificates: String?
    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer?
    private var running: [UnsafeMutableRawPointer: (transfer: Transfer, handle: EasyHandle)] = [:]
    private var idle: [EasyHandle] = []

    init(certificates: String?) {
        self.certificates = certificates
        multi = CurlLibrary.isReady ? curl_multi_init() : nil
        guard let multi else { return }
        _ = blob_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 128)
        _ = blob_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    deinit { _ = multi.map(curl_multi_cleanup) }

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
        if needsThread { start() } else if wasEmpty, let multi { curl_multi_wakeup(multi) }
    }

    func stop() { post(.stop) }

    private func start() {
        if multi != nil, Thread.start(named: "blob-http", { [self] in run() }) { return }
        refuseAll(StoreError(.unavailable, "this process has no memory or threads left for connections"))
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
            curl_multi_perform(multi, &count)
            finishEnded(multi)
            let isIdle = inbox.withLock { $0.commands.isEmpty }
            if isIdle && !isStopping { curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil) }
        }
        for (transfer, _) in running.values { remove(transfer, .failure(Self.stopped)) }
        inbox.withLock { $0.isStopped = true }
        refuseAll(Self.stopped)
        idle = []
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
            case .goOn(let transfer): if let raw = transfer.handle { curl_easy_pause(raw, CURLPAUSE_CONT) }
            case .stop: isStopping = true
            }
        }
        return isStopping
    }

    private func add(_ transfer: Transfer) {
        guard !transfer.isEnded else { return }
        guard let multi, let handle = idle.popLast() ?? EasyHandle() else {
            return transfer.end(.failure(StoreError(curl: CURLE_OUT_OF_MEMORY, detail: "", url: "")))
        }
        do throws(StoreError) {
            try transfer.prepare(handle, certificates: certificates)
        } catch {
            return transfer.end(.failure(error))
        }
        guard curl_multi_add_handle(multi, handle.raw) == CURLM_OK else {
            return transfer.end(.failure(StoreError(curl: CURLE_FAILED_INIT, detail: "", url: "")))
        }
        transfer.handle = handle.raw
        running[handle.raw] = (transfer, handle)
    }

    private func finishEnded(_ multi: UnsafeMutableRawPointer) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let raw = message.pointee.easy_handle,
                let (transfer, handle) = running[raw]
            else { continue }
            let code = blob_curl_result(message)
            remove(transfer, transfer.outcome(code, handle))
        }
    }

    private func remove(_ transfer: Transfer, _ outcome: Result<Void, StoreError>) {
        guard let multi, let raw = transfer.handle, let (_, handle) = running.removeValue(forKey: raw) else {
            return transfer.end(outcome)
        }
        curl_multi_remove_handle(multi, raw)
        transfer.handle = nil
        // After a failure curl may keep buffers, and then refuses options: such a handle is not used again.
        if case .success = outcome, idle.count < Self.maximumIdleHandles {
            handle.reset()
            idle.append(handle)
        }
        transfer.end(outcome)
    }
}

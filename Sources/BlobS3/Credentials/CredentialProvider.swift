package import BlobHTTP
package import Logging
package import ObjectStorage
internal import Synchronization

/// Gives the credentials to sign with: found once, kept, and fetched anew before they expire.
///
/// The first source that has any is asked again from then on, and no other: a node must not change its identity
/// because one endpoint was down for a moment. Of any number of callers one fetches, and the others wait for it, or go
/// on with what is still good.
///
/// *Cost*: a lock while they are good; one fetch a life.
package final class CredentialProvider: Sendable {
    /// When to fetch, and when to give up on what is there, in seconds before the end.
    package struct Margins: Sendable {
        /// From here on they are fetched anew, by one caller, whose failure is no failure yet.
        package var early: Int64 = 300
        /// From here on nobody gets them any more.
        package var late: Int64 = 30
        /// From one early fetch to the next, when it failed or brought nothing that lasts longer.
        package var pauseBetweenFetches: Int64 = 30

        package init() {}
    }

    private struct State {
        var current: Credentials?
        var chosen: (any CredentialSource)?
        var isFetching = false
        /// When the next early fetch may be tried.
        var nextEarlyFetch: Timestamp?
        var waiting: [Int: CheckedContinuation<Result<Void, StoreError>, Never>] = [:]
        var nextWaiter = 0
    }

    private enum Step {
        case use(Credentials)
        case fetch(from: [any CredentialSource], fallback: Credentials?)
        case wait
    }

    private let sources: [any CredentialSource]
    private let margins: Margins
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    /// - Parameters:
    ///   - sources: in the order in which they are asked.
    ///   - logger: told of an early fetch that failed, since nobody else is.
    ///   - now: the clock that ends are compared with.
    package init(
        _ sources: [any CredentialSource], margins: Margins = Margins(),
        logger: Logger = Logger(label: "blobstore.s3"), now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.sources = sources
        self.margins = margins
        self.logger = logger
        self.now = now
    }

    /// - Throws: `permissionDenied` when there are none anywhere, with the places that were looked in; what the
    ///   source throws; `cancelled`.
    package func credentials() async throws(StoreError) -> Credentials {
        while true {
            switch step() {
            case .use(let credentials): return credentials
            case .fetch(let sources, let fallback): return try await fetch(sources, fallback)
            case .wait: try await waitForTheOther()
            }
        }
    }

    /// Says that a server refused these as unknown or expired, so that others are fetched before the next request.
    /// Does nothing when they were replaced since.
    package func reject(_ refused: Credentials) {
        reject(refused.key)
    }

    /// The same, for who knows only the key.
    package func reject(_ refused: AccessKey) {
        state.withLock { if $0.current?.key == refused { $0.current = nil } }
    }

    private func step() -> Step {
        let now = now()
        return state.withLock { state in
            let usable = state.current.flatMap { $0.isGood(at: now, forSeconds: margins.late) ? $0 : nil }
            let isEarly = usable?.isGood(at: now, forSeconds: margins.early) == false
            if let usable, !isEarly || state.isFetching || (state.nextEarlyFetch.map { now < $0 } ?? false) {
                return .use(usable)
            }
            if state.isFetching { return .wait }
            state.isFetching = true
            return .fetch(from: state.chosen.map { [$0] } ?? sources, fallback: usable)
        }
    }

    private func fetch(
        _ sources: [any CredentialSource], _ fallback: Credentials?
    ) async throws(StoreError) -> Credentials {
        var pauseEnd: Timestamp { Timestamp(seconds: now().seconds + margins.pauseBetweenFetches) }
        do throws(StoreError) {
            let (found, source) = try await search(sources)
            end(.success(())) { state in
                state.current = found
                state.chosen = source
                // What lasts no longer than the margin is not fetched anew for each request.
                state.nextEarlyFetch = found.isGood(at: now(), forSeconds: margins.early) ? nil : pauseEnd
            }
            return found
        } catch {
            end(.failure(error)) { $0.nextEarlyFetch = pauseEnd }
            guard let fallback, error.code != .cancelled else { throw error }
            logger.info("credentials could not be renewed yet, but the present ones are still valid: \(error.message)")
            return fallback
        }
    }

    private func search(
        _ sources: [any CredentialSource]
    ) async throws(StoreError) -> (Credentials, any CredentialSource) {
        for source in sources {
            guard let found = try await source.credentials() else { continue }
            guard found.isGood(at: now(), forSeconds: 0) else {
                throw StoreError(
                    .permissionDenied,
                    "the credentials from \(source.name) have already expired; renew them there, "
                        + "and check this machine's clock")
            }
            return (found, source)
        }
        if let source = state.withLock(\.chosen) {
            throw StoreError(.unavailable, "\(source.name) gave credentials before, but gives none now")
        }
        throw StoreError(
            .permissionDenied,
            "there are no credentials in \(sources.map(\.name).joined(separator: ", ")); "
                + "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
    }

    private func end(_ outcome: Result<Void, StoreError>, _ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            state.isFetching = false
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        // One caller's cancellation is not the others': one of them fetches next.
        var shared = outcome
        if case .failure(let error) = outcome, error.code == .cancelled { shared = .success(()) }
        for continuation in waiting { continuation.resume(returning: shared) }
    }

    private func waitForTheOther() async throws(StoreError) {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Result<Void, StoreError>? = state.withLock { state in
                    // Looked at under the lock, so that the handler below either sees the entry or comes first.
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    guard state.isFetching else { return .success(()) }
                    state.waiting[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: .failure(Self.cancelled))
        }
        try outcome.get()
    }

    private static let cancelled = StoreError(.cancelled, "cancelled while waiting for credentials")
}

extension CredentialProvider {
    /// Looks where the AWS tools look, in this order: the environment, web identity, the profile, the container's
    /// endpoint, the instance metadata service.
    /// - Parameter profile: a profile that the root's URL names; then it alone counts.
    package static func standard(profile: String?, _ lookup: Lookup) -> CredentialProvider {
        let shared = ProfileCredentials(profile: profile, lookup)
        let everywhere: [any CredentialSource] = [
            EnvironmentCredentials(lookup.environment), WebIdentityFromEnvironment(lookup), shared,
            ContainerCredentials(lookup), InstanceCredentials(lookup),
        ]
        return CredentialProvider(profile == nil ? everywhere : [shared], logger: lookup.logger, now: lookup.now)
    }

    /// The same, with this machine's clock and the process's log.
    package static func standard(
        profile: String?, environment: [String: String], client: HTTPClient
    ) -> CredentialProvider {
        standard(profile: profile, Lookup(environment, client: client))
    }
}

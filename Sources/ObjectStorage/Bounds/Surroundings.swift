/// What a task takes from the machine that it runs on, where a simulation brings its own, so that a seed replays it.
package enum Surroundings {
    /// Where work runs that starts a task of its own; nil for the shared threads.
    @TaskLocal package static var executor: (any TaskExecutor)?

    /// Waits for a time that is drawn by chance, up to that one.
    @TaskLocal package static var pause: @Sendable (_ upTo: Duration) async throws -> Void = { ceiling in
        let microseconds = ceiling.components.attoseconds / 1_000_000_000_000
        let all = ceiling.components.seconds.multipliedReportingOverflow(by: 1_000_000).partialValue
        try await Task.sleep(for: .microseconds(Int64.random(in: 0...max(0, all &+ microseconds))))
    }
}

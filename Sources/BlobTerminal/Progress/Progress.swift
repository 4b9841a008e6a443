extension Console {
    /// Runs `body` and shows how far `meter` has come meanwhile: a bar on a terminal, else a line every 10 s, which is
    /// for programs where the results are.
    /// - Parameter isShown: false for `--no-progress`; a quiet console shows none either.
    public func showing<Answer, Failure: Error>(
        _ meter: Meter, isShown: Bool = true, every interval: Duration = .seconds(10),
        _ body: () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        guard isShown, verbosity >= .normal else { return try await body() }
        // Cancelled and awaited when this scope ends, however it ends.
        async let _ = draw(meter, every: notices.isTerminal ? .milliseconds(200) : interval)
        return try await body()
    }

    private func draw(_ meter: Meter, every interval: Duration) async {
        let start = ContinuousClock.now
        var gauge = RateGauge()
        var phase = meter.reading.activity
        gauge.add(meter.reading, at: .zero)
        while (try? await Task.sleep(for: interval)) != nil {
            let elapsed = ContinuousClock.now - start
            let reading = meter.reading
            // What another phase counts is no speed of this one.
            if reading.activity != phase { gauge = RateGauge() }
            phase = reading.activity
            gauge.add(reading, at: elapsed)
            let text = ProgressText(meter, reading: reading, gauge: gauge, elapsed: elapsed)
            if notices.isTerminal {
                showBar(text.bar(width: notices.width()))
            } else {
                say(format == .json ? text.json.text : text.line)
            }
        }
        showBar(nil)
    }
}

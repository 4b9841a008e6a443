import BlobTerminal
import Testing

struct ProgressTests {
    private func reading(
        _ items: Int64, _ bytes: Int64, of expectedItems: Int64? = nil, _ expectedBytes: Int64? = nil
    ) -> Meter.Reading {
        var reading = Meter.Reading()
        reading.items = items
        reading.bytes = bytes
        reading.expectedItems = expectedItems
        reading.expectedBytes = expectedBytes
        return reading
    }

    private func text(_ reading: Meter.Reading, after seconds: Int64) -> ProgressText {
        var gauge = RateGauge()
        gauge.add(Meter.Reading(), at: .zero)
        gauge.add(reading, at: .seconds(seconds))
        return ProgressText(Meter("importing"), reading: reading, gauge: gauge, elapsed: .seconds(seconds))
    }

    @Test("a line says counts, bytes, rates and the time left by bytes")
    func line() {
        let line = text(reading(1_200, 500_000_000, of: 5_000, 2_000_000_000), after: 10).line
        #expect(line == "importing: 1,200 of 5,000 packages, 500.0 MB of 2.0 GB, 50.0 MB/s, 120 packages/s, 30 s left")
    }

    @Test("without bytes to come the time left is by items")
    func timeLeftByItems() {
        #expect(text(reading(100, 5, of: 300), after: 10).line.hasSuffix("20 s left"))
    }

    @Test("while the end is unknown there is no bar, and the time so far is said")
    func unknownEnd() {
        let text = text(reading(100, 0), after: 10)
        #expect(text.share == nil)
        #expect(text.bar(width: 80) == "importing: 100 packages, 10 packages/s, 10 s")
    }

    @Test("a bar fits the terminal, whatever its width", arguments: [20, 40, 60, 80, 100, 200])
    func bar(width: Int) {
        let bar = text(reading(50, 0, of: 100), after: 10).bar(width: width)
        #expect(bar.count < width)
        #expect(width < 100 || bar.hasPrefix("[############------------] importing: "))
    }

    @Test("in a narrow window the time left stays, and what is missed least goes first")
    func narrow() {
        let text = text(reading(1_200, 500_000_000, of: 5_000, 2_000_000_000), after: 10)
        #expect(text.bar(width: 70) == "importing: 1,200 of 5,000 packages, 500.0 MB of 2.0 GB, 30 s left")
        #expect(text.bar(width: 48) == "importing: 1,200 of 5,000 packages, 30 s left")
        for width in 20..<60 {
            let bar = text.bar(width: width)
            #expect(bar.count < width && bar.hasSuffix("30 s left"), "\(bar)")
        }
    }

    @Test("before there is a rate, no rate is told, in text and to programs")
    func noRate() {
        var gauge = RateGauge()
        let reading = reading(5, 5, of: 10, 10)
        gauge.add(reading, at: .seconds(1))
        let text = ProgressText(Meter("importing"), reading: reading, gauge: gauge, elapsed: .seconds(1))
        #expect(text.line == "importing: 5 of 10 packages, 5 B of 10 B, 1.0 s")
        #expect(!text.json.text.contains("PerSecond"))
    }

    @Test("a share is never above one, also when there was more than expected")
    func overfull() {
        #expect(text(reading(200, 0, of: 100), after: 10).share == 1)
    }

    @Test("a rate is that of the last moments, and memory for it is bounded")
    func recentRate() {
        var gauge = RateGauge()
        for second in 0..<10_000 {
            gauge.add(reading(Int64(second < 9_000 ? second * 1_000 : 9_000_000 + second), 0), at: .seconds(second))
        }
        #expect(gauge.itemsPerSecond == 1)
    }

    @Test("nothing can be said of a rate from one look")
    func oneLook() {
        var gauge = RateGauge()
        gauge.add(reading(100, 100), at: .seconds(1))
        #expect(gauge.itemsPerSecond == 0)
        #expect(gauge.timeLeft(reading(1, 1, of: 2, 2)) == nil)
    }

    @Test("thousands are grouped", arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
    func groups(number: Int64, text: String) {
        #expect(grouped(number) == text)
    }

    @Test("a line for programs has what is known, and leaves out what is not")
    func json() {
        #expect(
            text(reading(1_200, 500_000_000, of: 5_000, 2_000_000_000), after: 10).json.text
                == "{\"type\":\"progress\",\"phase\":\"importing\",\"items\":1200,\"itemsTotal\":5000,"
                + "\"bytes\":500000000,\"bytesTotal\":2000000000,\"failed\":0,\"itemsPerSecond\":120.0,"
                + "\"bytesPerSecond\":50000000.0,\"seconds\":10.0,\"secondsLeft\":30.0}")
        let unknown = text(reading(1, 0), after: 10).json.text
        #expect(!unknown.contains("Total") && !unknown.contains("Left"))
    }

    @Test("the speed of one phase is not that of the next")
    func phases() async {
        let err = Memory()
        let console = Console(
            format: .json, interruption: Interruption(), output: Memory().stream(), notices: err.stream())
        let meter = Meter("first")
        meter.add(items: 1_000_000_000)
        await console.showing(meter, every: .milliseconds(1)) {
            for phase in ["first", "second"] {
                meter.update { reading in
                    reading.activity = phase
                    reading.items += 1_000_000_000
                }
                for _ in 0..<10_000 where !err.text.contains("\"phase\":\"\(phase)\"") {
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        let second = err.text.split(separator: "\n").first { $0.contains("\"second\"") }
        #expect(second?.contains("PerSecond") == false)
    }

    @Test("progress is shown line by line where nobody watches a terminal, and a quiet console shows none")
    func lines() async {
        for (format, verbosity, shown, isExpected) in [
            (Console.Format.text, Console.Verbosity.normal, true, true), (.json, .normal, true, true),
            (.text, .quiet, true, false), (.json, .normal, false, false),
        ] {
            let (out, err) = (Memory(), Memory())
            let console = Console(
                format: format, verbosity: verbosity, interruption: Interruption(), output: out.stream(),
                notices: err.stream())
            let meter = Meter("importing")
            await console.showing(meter, isShown: shown, every: .milliseconds(1)) {
                meter.add(items: 3, bytes: 10)
                // Where a line is due it comes; where none is, this waits for a few chances of one.
                for _ in 0..<(isExpected ? 10_000 : 5) where err.text.isEmpty {
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
            let line =
                format == .json
                ? "{\"type\":\"progress\",\"phase\":\"importing\",\"items\":3," : "importing: 3 packages"
            #expect(err.text.contains(line) == isExpected)
            #expect(out.text == "")
            #expect(!err.text.contains("\r"))
        }
    }

    @Test("a bar on a terminal makes way for text, and is gone at the end")
    func barOnTerminal() async {
        let screen = Memory()
        let console = Console(
            format: .text, interruption: Interruption(), output: screen.stream(isTerminal: true),
            notices: screen.stream(isTerminal: true))
        let meter = Meter("importing")
        await console.showing(meter) {
            for _ in 0..<10_000 where !screen.text.contains("importing") {
                try? await Task.sleep(for: .milliseconds(1))
            }
            console.emit(JSONLine("a"), text: "result")
        }
        #expect(screen.text.contains("\r\u{1b}[Kresult\n\rimporting"))
        #expect(screen.text.hasSuffix("\r\u{1b}[K"))
    }
}

struct ExitStatusTests {
    @Test(
        "one failed item of one is a failure, of several an answer",
        arguments: [
            (0, 0, 0), (5, 0, 0), (0, 1, 2), (1, 1, 1), (0, 2, 1),
        ] as [(Int, Int, Int32)])
    func items(succeeded: Int, failed: Int, code: Int32) {
        #expect(ExitStatus(succeeded: succeeded, failed: failed).code == code)
    }
}

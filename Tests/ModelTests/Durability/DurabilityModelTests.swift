import Testing

@Suite("Publishing across a power cut, in every interleaving of a small model")
struct DurabilityModelTests {
    @Test("what is found there already is flushed before it is relied on, and then nothing is lost")
    func sound() {
        let finding = DurabilityModel(flushesWhatItFinds: true).search()
        #expect(finding.isSound, "\(finding)")
    }

    @Test("relying on what is there without a flush loses a package")
    func unflushed() {
        let finding = DurabilityModel(flushesWhatItFinds: false).search()
        print("without the flush of what is found: \(finding)")
        #expect(!finding.isSound)
    }
}

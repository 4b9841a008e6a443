import Testing

@testable import ObjectStorage

@Suite struct TimestampTests {
    @Test(
        "whatever a clock says, the time that is written can be read again",
        arguments: [0, -1e30, 1e30, 253_402_300_800, 1e12, .infinity, -62_135_596_801])
    func clocks(_ seconds: Double) throws {
        let time = Timestamp(near: seconds)
        #expect(Timestamp(time.description) == time)
    }
}

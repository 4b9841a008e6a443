import BlobSystem
import Synchronization
import Testing

@Suite("What was looked at just now")
struct FirstLookTests {
    @Test("the first who asks gets it, and nobody after")
    func first() {
        let look = FirstLook("found", since: .seconds(5), now: { .seconds(5) })
        #expect(look.take() == "found")
        #expect(look.take() == nil)
    }

    @Test("it is believed for less than a second, counted from before the look")
    func late() {
        let inTime = FirstLook(1, since: .seconds(5), now: { .milliseconds(5_999) })
        #expect(inTime.take() == 1)
        let late = FirstLook(1, since: .seconds(5), now: { .seconds(6) })
        #expect(late.take() == nil)
    }

    @Test("what was asked for too late is gone, whatever the clock shows then")
    func gone() {
        let time = Mutex(Duration.seconds(6))
        let look = FirstLook(1, since: .seconds(5), now: { time.withLock { $0 } })
        #expect(look.take() == nil)
        time.withLock { $0 = .seconds(5) }
        #expect(look.take() == nil)
    }
}

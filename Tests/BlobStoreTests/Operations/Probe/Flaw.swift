import Testing

/// A way in which a backend can be wrong, and the check that must find it.
enum Flaw: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case writeDropsLastByte = "an object of any size is read back as it was written"
    case readEndsEarly = "an error of the reader's own comes out unchanged!"
    case rangeIsOffByOne = "a part of an object is read, cut at its end"
    case rangeBeyondTheEndIsEmpty = "a part that begins beyond the end is refused"
    case absentHasSizeZero = "what is absent has no size and cannot be read"
    case rewriteKeepsAge = "an object's age grows, and is that of its last write"
    case absenceIsRemembered = "another node finds at once what it had found absent"
    case readersErrorIsReplaced = "an error of the reader's own comes out unchanged"
    case removalEndsReading = "an object that is removed while it is read is delivered whole or with an error"
    case rewriteIsCreated = "writing the same object again is harmless and told as present"
    case otherSizeIsReplaced = "an object of another size is corrupt, and is left as it is"
    case presentIsAnError = "racing writers of one object all succeed, and readers see all of it or nothing"
    case refreshDoesNothing = "refreshing makes an object young, and nothing else"
    case failedWriteLeavesItsPart = "content that fails midway leaves nothing"
    case sizeIsNotCompared = "content that is shorter or longer than said leaves nothing"
    case cancelledWriteLeavesItsPart = "a cancelled write leaves nothing, or all of it where it says so"
    case stagedIsVisible = "staged content is invisible until its commit, and whole after it"
    case commitWorksOnce = "a commit can be repeated, and brings back what was taken away"
    case droppedUploadStays = "staged content that is discarded or dropped leaves nothing"
    case uploadsAreHidden = "an upload in flight is seen with its size, and not after its end"
    case staleUploadClaimsSuccess = "an upload that was discarded as stale never claims what is not there"
    case moveLeavesTheOldName = "an object that is moved stands only under its new name"
    case moveOverwrites = "moving never overwrites what stands there"
    case moveCopies = "of racing movers of one object one wins, where moving is atomic"
    case copyIsRefused = "a copy without moving bytes is whole and young, or refused"
    case copyOverwrites = "a copy over another size is corrupt, and of what is absent not found"
    case missingIsNotRemoved = "removing gives each key its result, and missing is a success"
    case removedStaysTaken = "what was removed can be written again"
    case createOverwrites = "a record is created once"
    case staleVersionWins = "a record is replaced only by who knows its version"
    case oldGenerationShows = "a record that is replaced often keeps only its last bytes"
    case recordsHaveNoLimit = "a record of 1 MiB is kept, and a larger one refused"
    case absentRecordsAreLeftOut = "a batch of records is answered in order, whatever is missing"
    case flushForgets = "a flushed record is what it was"
    case removedVersionsLive = "a removed record is absent, its versions are void, and it can be created again"
    case creatorsCheckFirst = "of many who create one record exactly one wins, and no loser leaves a trace"
    case writersCheckFirst = "of many who replace one version exactly one wins, and no loser leaves a trace"
    case lastWriterWins = "no increment is lost among racing compare-and-swap loops"
    case readersGoBack = "a reader never sees a record go back, nor a part of it"
    case loserIsVisible = "the history of a contended record is linearizable"
    case listingGoesByFolder = "a listing is in the order of the keys' bytes, with objects and records"
    case startAfterIsIncluded = "a listing goes on after any key, whether it exists or not"
    case flatGoesDeep = "a flat listing names folders instead of going into them"
    case emptyFolderFails = "a folder that is empty, or that never was, lists nothing"
    case detailsHaveNoSize = "details tell the size of what is listed"
    case listingDropsAPage = "a large folder is listed completely, and from any of its names on"
    case listingResumesByCount = "a listing never skips what existed throughout"
    case recordKeysPass = "a record's key is refused wherever an object's is due"
    case objectKeysPass = "an object's key is refused wherever a record's is due"

    var testDescription: String { "\(self)" }

    /// The name of the check. A raw value is unique, so a second flaw that one check finds has a `!` at its end.
    var check: String { rawValue.hasSuffix("!") ? Self.second[self] ?? rawValue : rawValue }

    private static let second: [Flaw: String] = [.readEndsEarly: "an object of any size is read back as it was written"]
}

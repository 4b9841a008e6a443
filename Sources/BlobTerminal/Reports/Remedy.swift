internal import BlobStore

/// What to do about findings of one kind, for those who read a report.
struct Remedy {
    /// What the command does, or what a person has to do where no command can.
    let advice: String
    /// The command for one feed; nil where a person has to look.
    let command: (@Sendable (FeedName) -> String)?

    init(_ kind: Finding.Kind) {
        switch kind {
        case .missingBlob, .sizeMismatch, .corruptBlob:
            advice =
                "Shows where good copies are; without --dry-run it restores them, and sets damaged content aside. "
                + "Content without a good copy is healed by publishing it again."
            command = { "blobtool repair \($0) --dry-run" }
        case .orphanBlob, .staleStaging:
            advice = "Shows what would be freed; with --delete it frees it."
            command = { "blobtool gc \($0)" }
        case .wrongRoot:
            advice = "Shows where the root should be; mount the share that belongs there."
            command = { "blobtool explain \($0)" }
        case .unfinished:
            advice = "Shows what was begun; run the command again that each finding names."
            command = { "blobtool feed show \($0)" }
        case .badRecord:
            advice =
                "Shows what a backup of the root has sound; without --dry-run it restores that. Else publish it again."
            command = { "blobtool repair \($0) --from BACKUP --dry-run" }
        case .unexpectedObject:
            advice =
                "Look at it, and move it away if nothing needs it; no command removes what the store did not write."
            command = nil
        case .permissions:
            advice = "Set the owner or the mode that each finding names."
            command = nil
        case .quarantined:
            advice = "Damaged content is kept here for inspection; remove it when nobody needs it any more."
            command = nil
        case .bucketSettings:
            advice = "Change the setting of the bucket that each finding names, and run \"blobtool probe\" on the root."
            command = nil
        }
    }
}

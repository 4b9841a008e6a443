internal import BlobStore

/// What to do about findings, for those who read a report.
struct Remedy: Sendable {
    /// The kinds of findings that it is for.
    let kinds: [Finding.Kind]
    /// What the command does, or what a person has to do where no command can.
    let advice: String
    /// What a person has to do where the finding is in the server root itself; nil where that is the same.
    let byHand: String?
    /// The command for one feed; nil where a person has to look.
    let command: (@Sendable (FeedName) -> String)?

    init(
        _ kinds: [Finding.Kind], _ advice: String, byHand: String? = nil,
        command: (@Sendable (FeedName) -> String)? = nil
    ) {
        self.kinds = kinds
        self.advice = advice
        self.byHand = byHand
        self.command = command
    }

    /// Each kind has one, in the order of how much it matters.
    static let all = [
        Remedy(
            [.missingBlob, .sizeMismatch, .corruptBlob],
            "Shows where good copies are; without --dry-run it restores them, and sets damaged content aside. Content "
                + "without a good copy is healed by publishing it again.",
            command: { "blobtool repair \($0) --dry-run" }),
        Remedy(
            [.badRecord],
            "Shows what a backup of the root has sound; without --dry-run it restores that. Else publish it again.",
            byHand: "Restore the file from a backup of the root.",
            command: { "blobtool repair \($0) --from BACKUP --dry-run" }),
        Remedy(
            [.wrongRoot], "Shows where the root should be; mount the share that belongs there.",
            byHand: "Mount the share that belongs there, or name the right root.",
            command: { "blobtool explain \($0)" }),
        Remedy(
            [.unfinished], "Shows what was begun; run the command again that each finding names.",
            command: { "blobtool feed show \($0)" }),
        Remedy([.permissions], "Set the owner or the mode that each finding names."),
        Remedy(
            [.bucketSettings],
            "Change the setting of the bucket that each finding names, and run \"blobtool probe\" on the root."),
        Remedy(
            [.unexpectedObject],
            "Do what each finding says, after a look at it; no command removes what the store did not write. What a "
                + "filesystem, a NAS or a desktop left needs nothing."),
        Remedy(
            [.quarantined],
            "Shows what is kept for inspection, and which of it packages still need; \"quarantine purge\" removes the rest.",
            command: { "blobtool quarantine list \($0)" }),
        Remedy(
            [.orphanBlob, .staleStaging], "Shows what would be freed; with --delete it frees it.",
            command: { "blobtool gc \($0)" }),
    ]
}

extension Storage {
    /// Whether the folder of the records is gone, which stands there since the root was made; nil where folders do not
    /// stand by themselves.
    func lacksFolderOfRecords() async throws(StoreError) -> Bool? {
        guard try await capability((any FolderKeeping).self) != nil else { return nil }
        for try await page in list(ListRequest(isFlat: true))
        where page.contains(where: { $0.text == FeedLayout.packages.text }) {
            return false
        }
        return true
    }
}

extension ListEntry {
    /// Whether a record may stand there that cannot be read, so that it is unknown what records name.
    ///
    /// Of what was found where records are: what cannot be a record (litter, names that do not end in `.json`) hides
    /// none; a folder that is not gone into, a link, a mount may hide any number.
    var mayHideRecords: Bool {
        switch self {
        case .key, .folder, .access, .foreign(_, .litter): false
        // Among the generations of a record (`a.json~/`) there are no others.
        case .foreign(let path, .name): path.lowercased().hasSuffix(".json") && !path.contains(".json~/")
        case .foreign, .unreadable: true
        }
    }
}

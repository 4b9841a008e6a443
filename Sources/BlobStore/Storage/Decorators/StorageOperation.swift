/// The operations of a ``Storage``, by their names in the protocol: for decorators that count, log or fail them.
public enum StorageOperation: String, Sendable, CaseIterable {
    case checkLocation
    case statObject, readObject, writeObject, refreshObject, moveObject, copyObject, removeObjects
    case stageObject, append, commit
    case readRecords, writeRecord, flushRecord, removeRecord
    case list, uploadsInFlight, discardUpload
}

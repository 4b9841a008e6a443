/// A storage that stands before another one and passes on to it.
///
/// A backend that copies without moving bytes needs to know where an object really stands; a decorator tells it.
public protocol StorageDecorator: Storage {
    /// Where the object of that key stands one layer down.
    /// - Throws: what looking there throws.
    func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key)
}

extension Storage {
    /// The backend's own storage beneath all decorators, and the object's key there.
    ///
    /// For backends, in ``Objects/copyObject(from:_:to:)``: `source` may be decorated.
    public func place(of key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) {
        var place: (storage: any Storage, key: Key) = (self, key)
        while let decorator = place.storage as? any StorageDecorator {
            place = try await decorator.placeBeneath(place.key)
        }
        return place
    }
}

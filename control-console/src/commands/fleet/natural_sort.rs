//! The order in which people count: `rover-2` before `rover-10`. Pure.

use vehicle_protocol::VehicleId;

/// A piece of a name: a number by its size, anything else by its letters.
type Piece<'a> = (bool, usize, &'a [u8]);

/// The sort key of a vehicle.
pub(crate) fn place(vehicle: &VehicleId) -> Vec<Piece<'_>> {
    let bytes = vehicle.as_str().as_bytes();
    let pieces = bytes.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit());
    pieces.map(piece).collect()
}

fn piece(bytes: &[u8]) -> Piece<'_> {
    if !bytes.first().is_some_and(u8::is_ascii_digit) {
        return (true, 0, bytes);
    }
    let zeros = bytes.iter().take_while(|digit| **digit == b'0').count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    // Of two numbers without leading zeros the longer one is larger.
    (false, digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let ordered = [
            "2-rover",
            "10-rover",
            "rover",
            "rover2",
            "rover-2",
            "rover-02b",
            "rover-9-x",
            "rover-10",
            "rover-10-9",
            "rover-10-10",
            "rover-34028236692093846346337",
            "truck-1",
        ];
        let mut ids: Vec<VehicleId> = ordered.iter().rev().map(|id| id.parse().unwrap()).collect();
        ids.sort_by(|one, other| place(one).cmp(&place(other)));
        let ids: Vec<&str> = ids.iter().map(VehicleId::as_str).collect();
        assert_eq!(ids, ordered);
    }
}

use crate::hub::Must;
use crate::websocket::deflate::{Compression, Takeover};

#[test]
fn what_cannot_stand_is_named() {
    let with = |level, takeover| Compression { level, takeover, ..Compression::default() };
    let takeover = |connections, window_bits| Some(Takeover { connections, window_bits });
    let bits = "compression.takeover.window_bits";
    for (compression, field, value, must) in [
        (with(0, None), "compression.level", 0, Must::BeAtLeast(1)),
        (with(10, None), "compression.level", 10, Must::BeAtMost(9)),
        (with(1, takeover(0, 9)), "compression.takeover.connections", 0, Must::BePositive),
        (with(9, takeover(1, 8)), bits, 8, Must::BeAtLeast(9)),
        (with(9, takeover(1, 16)), bits, 16, Must::BeAtMost(15)),
    ] {
        let error = compression.validate().unwrap_err();
        assert_eq!((error.field, error.value, error.must), (field, value, must));
    }
    for compression in [
        Compression::default(),
        with(1, takeover(1, 9)),
        with(9, takeover(1, 15)),
        with(6, Some(Takeover::default())),
    ] {
        assert_eq!(compression.validate(), Ok(()));
    }
}

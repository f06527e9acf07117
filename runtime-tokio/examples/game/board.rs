//! Four in a row: the rules.

use serde::Serialize;

pub(crate) const COLUMNS: u8 = 7;
pub(crate) const ROWS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    Red,
    Yellow,
}

/// Why a move cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadMove {
    NotYourTurn,
    NoSuchColumn,
    ColumnFull,
    Over,
}

impl BadMove {
    /// A code for programs, and a sentence for people.
    pub(crate) const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::NotYourTurn => ("not_your_turn", "It is not your turn."),
            Self::NoSuchColumn => ("no_such_column", "There are seven columns, 0 to 6."),
            Self::ColumnFull => ("column_full", "This column is full."),
            Self::Over => ("over", "The game is over."),
        }
    }
}

/// The moves so far. Red begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    moves: Vec<u8>,
    winner: Option<Color>,
}

impl Board {
    pub(crate) fn moves(&self) -> &[u8] {
        &self.moves
    }

    pub(crate) const fn winner(&self) -> Option<Color> {
        self.winner
    }

    pub(crate) fn turn(&self) -> Color {
        if self.moves.len().is_multiple_of(2) { Color::Red } else { Color::Yellow }
    }

    /// Drops a piece into a column.
    pub(crate) fn play(&mut self, color: Color, column: u8) -> Result<(), BadMove> {
        if self.winner.is_some() {
            return Err(BadMove::Over);
        }
        if color != self.turn() {
            return Err(BadMove::NotYourTurn);
        }
        if column >= COLUMNS {
            return Err(BadMove::NoSuchColumn);
        }
        if self.moves.iter().filter(|known| **known == column).count() == ROWS {
            return Err(BadMove::ColumnFull);
        }
        self.moves.push(column);
        self.winner = self.has_four(color).then_some(color);
        Ok(())
    }

    /// The pieces, from below, column by column.
    fn pieces(&self) -> Vec<Vec<Color>> {
        let mut pieces = vec![Vec::with_capacity(ROWS); usize::from(COLUMNS)];
        for (number, column) in self.moves.iter().enumerate() {
            let color = if number.is_multiple_of(2) { Color::Red } else { Color::Yellow };
            pieces[usize::from(*column)].push(color);
        }
        pieces
    }

    fn has_four(&self, color: Color) -> bool {
        const DIRECTIONS: [(isize, isize); 4] = [(1, 0), (0, 1), (1, 1), (1, -1)];
        let pieces = self.pieces();
        let is_of = |column: Option<usize>, row: Option<usize>| {
            let (Some(column), Some(row)) = (column, row) else { return false };
            pieces.get(column).and_then(|column| column.get(row)) == Some(&color)
        };
        let are_four = |column: usize, row: usize, (right, up): (isize, isize)| {
            (0..4)
                .all(|step| is_of(column.checked_add_signed(right * step), row.checked_add_signed(up * step)))
        };
        (0..pieces.len()).any(|column| {
            (0..ROWS).any(|row| DIRECTIONS.iter().any(|direction| are_four(column, row, *direction)))
        })
    }
}

//! Tokens with three that can be put back.

use std::mem;

use super::super::lex::{Kind, Lexer, Token};

pub(super) struct Tokens {
    /// The last token, and before it the ones that were put back, the next one last.
    held: [Token; 3],
    waiting: usize,
}

impl Default for Tokens {
    fn default() -> Self {
        let none = || Token { kind: Kind::Eof, at: 0, text: String::new(), line: 0 };
        Self { held: [none(), none(), none()], waiting: 0 }
    }
}

impl Tokens {
    /// The line that messages name: that of the token that was read last.
    pub(super) const fn line(&self) -> usize {
        let [last, ..] = &self.held;
        last.line
    }

    pub(super) fn next(&mut self, lexer: &mut Lexer<'_>) -> Token {
        if self.waiting > 0 {
            self.waiting -= 1;
        } else {
            self.held[0] = lexer.next();
        }
        self.held.get(self.waiting).cloned().unwrap_or_else(|| lexer.next())
    }

    pub(super) fn peek(&mut self, lexer: &mut Lexer<'_>) -> Token {
        let token = self.next(lexer);
        self.back();
        token
    }

    /// Puts the last token back.
    pub(super) const fn back(&mut self) {
        self.waiting += 1;
    }

    /// Puts the last token back, and `before` in front of it.
    pub(super) fn back_two(&mut self, before: Token) {
        self.held[1] = before;
        self.waiting = 2;
    }

    /// Puts the last token back, and in front of it `first` and `second`.
    pub(super) fn back_three(&mut self, first: Token, second: Token) {
        drop(mem::replace(&mut self.held[1], second));
        self.held[2] = first;
        self.waiting = 3;
    }
}

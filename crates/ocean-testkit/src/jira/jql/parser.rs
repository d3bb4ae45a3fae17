//! Reads the pieces of a query into a tree.

use super::{
    JqlError,
    ast::{Clause, Direction, Expr, Field, Operator, Query, Test},
    lexer::{Token, tokens},
};

/// Brackets and `NOT`s inside of each other; more is refused, as it could exhaust the stack.
const DEEPEST: usize = 100;

pub(super) fn parse(jql: &str) -> Result<Query, JqlError> {
    let mut parser = Parser {
        tokens: tokens(jql)?.into_iter().peekable(),
        depth: 0,
    };
    let restricts = parser.tokens.peek().is_some() && !parser.at_keyword("order");
    let filter = restricts.then(|| parser.alternatives()).transpose()?;
    let order = parser.order()?;
    match parser.tokens.next() {
        None => Ok(Query { filter, order }),
        Some(token) => Err(unexpected(Some(&token), "AND, OR or the end")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn at_keyword(&mut self, keyword: &str) -> bool {
        matches!(self.tokens.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        self.at_keyword(keyword) && self.tokens.next().is_some()
    }

    fn alternatives(&mut self) -> Result<Expr, JqlError> {
        let mut parts = vec![self.conjunction()?];
        while self.take_keyword("or") {
            parts.push(self.conjunction()?);
        }
        Ok(single_or(parts, Expr::Or))
    }

    fn conjunction(&mut self) -> Result<Expr, JqlError> {
        let mut parts = vec![self.factor()?];
        while self.take_keyword("and") {
            parts.push(self.factor()?);
        }
        Ok(single_or(parts, Expr::And))
    }

    fn factor(&mut self) -> Result<Expr, JqlError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(JqlError::new(
                "Error in the JQL Query: it is nested too deeply.",
            ));
        }
        let expr = if self.take_keyword("not") {
            Expr::Not(Box::new(self.factor()?))
        } else if self.tokens.peek() == Some(&Token::Open) {
            self.tokens.next();
            let inner = self.alternatives()?;
            self.expect(&Token::Close, "a closing bracket")?;
            inner
        } else {
            Expr::Clause(self.clause()?)
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn clause(&mut self) -> Result<Clause, JqlError> {
        let field = match self.tokens.next() {
            Some(Token::Word(name) | Token::Quoted(name)) => Field::find(&name)?,
            other => return Err(unexpected(other.as_ref(), "a field")),
        };
        let test = self.test()?;
        Ok(Clause { field, test })
    }

    fn test(&mut self) -> Result<Test, JqlError> {
        if self.take_keyword("in") {
            return self.list(false);
        }
        if self.take_keyword("not") {
            return if self.take_keyword("in") {
                self.list(true)
            } else {
                Err(unexpected(self.tokens.next().as_ref(), "IN"))
            };
        }
        if self.take_keyword("is") {
            return self.emptiness();
        }
        match self.tokens.next() {
            Some(Token::Sign("=")) => self.equality(false),
            Some(Token::Sign("!=")) => self.equality(true),
            Some(Token::Sign(">=")) => self.comparison(Operator::AtLeast),
            Some(Token::Sign("<=")) => self.comparison(Operator::AtMost),
            Some(Token::Sign(">")) => self.comparison(Operator::Above),
            Some(Token::Sign("<")) => self.comparison(Operator::Below),
            other => Err(unexpected(other.as_ref(), "an operator")),
        }
    }

    /// `= EMPTY` means the same as `is EMPTY`, but only without quotes.
    fn equality(&mut self, negated: bool) -> Result<Test, JqlError> {
        if self.take_keyword("empty") || self.take_keyword("null") {
            return Ok(Test::Empty { negated });
        }
        let values = vec![self.value()?];
        Ok(Test::OneOf { values, negated })
    }

    fn comparison(&mut self, operator: Operator) -> Result<Test, JqlError> {
        let value = self.value()?;
        Ok(Test::Compare { operator, value })
    }

    fn emptiness(&mut self) -> Result<Test, JqlError> {
        let negated = self.take_keyword("not");
        if self.take_keyword("empty") || self.take_keyword("null") {
            Ok(Test::Empty { negated })
        } else {
            Err(unexpected(self.tokens.next().as_ref(), "EMPTY"))
        }
    }

    fn list(&mut self, negated: bool) -> Result<Test, JqlError> {
        self.expect(&Token::Open, "a list in brackets")?;
        let mut values = vec![self.value()?];
        while self.tokens.peek() == Some(&Token::Comma) {
            self.tokens.next();
            values.push(self.value()?);
        }
        self.expect(&Token::Close, "a closing bracket")?;
        Ok(Test::OneOf { values, negated })
    }

    fn value(&mut self) -> Result<String, JqlError> {
        let value = match self.tokens.next() {
            Some(Token::Quoted(value)) => return Ok(value),
            Some(Token::Word(value)) => value,
            other => return Err(unexpected(other.as_ref(), "a value")),
        };
        if self.tokens.peek() == Some(&Token::Open) {
            return Err(JqlError::new(format!(
                "Unable to find JQL function '{value}()'."
            )));
        }
        if ["and", "or", "not", "in", "is", "order"].contains(&value.to_ascii_lowercase().as_str())
        {
            return Err(unexpected(Some(&Token::Word(value)), "a value"));
        }
        Ok(value)
    }

    fn order(&mut self) -> Result<Option<(Field, Direction)>, JqlError> {
        if !self.take_keyword("order") {
            return Ok(None);
        }
        if !self.take_keyword("by") {
            return Err(unexpected(self.tokens.next().as_ref(), "BY"));
        }
        let field = match self.tokens.next() {
            Some(Token::Word(name) | Token::Quoted(name)) => Field::find(&name)?,
            other => return Err(unexpected(other.as_ref(), "a field")),
        };
        let direction = if self.take_keyword("desc") {
            Direction::Descending
        } else {
            self.take_keyword("asc");
            Direction::Ascending
        };
        Ok(Some((field, direction)))
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<(), JqlError> {
        match self.tokens.next() {
            Some(found) if found == *token => Ok(()),
            other => Err(unexpected(other.as_ref(), what)),
        }
    }
}

fn single_or(mut parts: Vec<Expr>, many: impl FnOnce(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

fn unexpected(token: Option<&Token>, wanted: &str) -> JqlError {
    let found = match token {
        None => "the end of the query".to_owned(),
        Some(Token::Word(text) | Token::Quoted(text)) => format!("'{text}'"),
        Some(Token::Open) => "'('".to_owned(),
        Some(Token::Close) => "')'".to_owned(),
        Some(Token::Comma) => "','".to_owned(),
        Some(Token::Sign(sign)) => format!("'{sign}'"),
    };
    JqlError::new(format!(
        "Error in the JQL Query: Expecting {wanted} but got {found}."
    ))
}

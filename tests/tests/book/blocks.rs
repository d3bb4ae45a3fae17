//! The code of a page: [`blocks`].

/// A fenced block of code.
#[derive(Debug)]
pub struct Block {
    /// The heading above it.
    pub heading: String,
    pub language: String,
    pub text: String,
}

/// All blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut heading, mut open) = (String::new(), false);
    for line in page.lines() {
        match (open, line.trim_start().strip_prefix("```")) {
            (false, Some(language)) => {
                open = true;
                blocks.push(Block {
                    heading: heading.clone(),
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (true, Some(_)) => open = false,
            (true, None) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (false, None) if line.starts_with("## ") => heading = line.to_owned(),
            (false, None) => {}
        }
    }
    blocks
}

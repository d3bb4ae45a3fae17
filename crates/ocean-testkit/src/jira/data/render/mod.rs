//! How does an issue look on the wire?
//!
//! A [`View`] writes itself with the fields of a [`FieldSet`]. A search that asks for three fields
//! writes three fields.

mod document;
mod fields;

use std::borrow::Cow;

use super::{
    super::{json::Json, site::Site},
    dice::{Dice, Stream},
    issue::{Issue, marked},
    project::Component,
    workflow::Category,
};

pub(super) use self::document::document;
pub(crate) use self::fields::FieldSet;

/// An issue together with the site that knows its relatives.
pub(crate) struct View<'a> {
    pub(crate) issue: &'a Issue,
    pub(crate) site: &'a Site,
}

impl View<'_> {
    /// Writes the issue with the chosen fields.
    pub(crate) fn render(&self, out: &mut Json, fields: FieldSet, expand: &str) {
        out.object(|o| {
            o.key("expand")
                .text("renderedFields,names,schema,operations,editmeta,changelog");
            self.identity(o);
            if fields != FieldSet::NONE {
                o.key("fields").object(|o| {
                    for field in fields.iter().filter(|field| (field.shown)(self)) {
                        o.key(field.name);
                        (field.write)(self, o);
                    }
                });
            }
            if expand.split(',').any(|part| part.trim() == "changelog") {
                let changes = self.issue.revision;
                o.key("changelog").object(|o| {
                    o.key("startAt").number(0);
                    o.key("maxResults").number(changes);
                    o.key("total").number(changes);
                    o.key("histories").array(|o| {
                        (1..=changes).for_each(|nth| self.history(o, nth));
                    });
                });
            }
        });
    }

    fn identity(&self, o: &mut Json) {
        o.key("id").quoted(self.issue.id);
        o.key("self")
            .raw("\"")
            .raw(self.site.url())
            .raw("/rest/api/3/issue/");
        o.digits(self.issue.id, 1).raw("\"");
        self.key(o.key("key").raw("\""));
        o.raw("\"");
    }

    /// Writes the key without quotes.
    fn key(&self, o: &mut Json) {
        let project = self.site.project_key(self.issue.project);
        o.raw(project).raw("-").digits(self.issue.number, 1);
    }

    fn link(&self, o: &mut Json, rest: &str) {
        o.raw("\"").raw(self.site.url()).raw("/rest/api/3/issue/");
        self.key(o);
        o.raw(rest).raw("\"");
    }

    fn history(&self, o: &mut Json, nth: u64) {
        o.object(|o| {
            o.key("id").quoted(self.issue.id * 100 + nth);
            o.key("author")
                .fragment(self.site.user_fragment(self.issue.reporter));
            o.key("created").time(self.issue.updated);
            o.key("items").array(|_| {});
        });
    }

    pub(crate) fn summary(&self, o: &mut Json) {
        match &self.issue.summary {
            Some(summary) => o.text(summary),
            None => {
                let [verb, thing, reason] = self.issue.generated_summary(self.site.config().seed);
                o.joined(&[verb, " ", thing, " ", reason])
            }
        };
    }

    fn resolution(&self, o: &mut Json) {
        if self.issue.status.category() != Category::Done {
            o.null();
            return;
        }
        o.object(|o| {
            o.key("self")
                .joined(&[self.site.url(), "/rest/api/3/resolution/10000"]);
            o.key("id").text("10000");
            o.key("description").text("Nothing is left to be done.");
            o.key("name").text("Done");
        });
    }

    fn components(&self, o: &mut Json) {
        let Some(project) = self.site.project_at(self.issue.project) else {
            return;
        };
        o.array(|o| {
            for component in marked(self.issue.components, Component::of(project)) {
                o.object(|o| component.render_head(o, self.site.url()));
            }
        });
    }

    fn parent(&self) -> Option<Cow<'_, Issue>> {
        self.site.issue(self.issue.parent?)
    }

    fn write_parent(&self, o: &mut Json) {
        if let Some(parent) = self.parent() {
            View {
                issue: &parent,
                site: self.site,
            }
            .relative(o);
        }
    }

    fn subtasks(&self, o: &mut Json) {
        o.array(|o| {
            for id in self.issue.subtask_ids(self.site.config()) {
                if let Some(subtask) = self.site.issue(id) {
                    View {
                        issue: &subtask,
                        site: self.site,
                    }
                    .relative(o);
                }
            }
        });
    }

    /// Writes the short form in which other issues mention this one.
    fn relative(&self, o: &mut Json) {
        o.object(|o| {
            self.identity(o);
            o.key("fields").object(|o| {
                self.summary(o.key("summary"));
                self.issue.status.render(o.key("status"), self.site.url());
                self.issue
                    .priority
                    .render(o.key("priority"), self.site.url());
                self.issue.kind.render(o.key("issuetype"), self.site.url());
            });
        });
    }

    fn choice(&self, o: &mut Json) {
        let option = self.issue.id % 5;
        o.object(|o| {
            o.key("self")
                .raw("\"")
                .raw(self.site.url())
                .raw("/rest/api/3/customFieldOption/");
            o.digits(10_050 + option, 1).raw("\"");
            o.key("value").raw("\"Ring ").digits(option, 1).raw("\"");
            o.key("id").quoted(10_050 + option);
        });
    }

    fn comments(&self, o: &mut Json) {
        let count = self.issue.comments;
        o.object(|o| {
            o.key("comments").array(|o| {
                for nth in 0..count {
                    self.one_comment(o, self.issue.id * 10 + nth);
                }
            });
            self.link(o.key("self"), "/comment");
            o.key("maxResults").number(count);
            o.key("total").number(count);
            o.key("startAt").number(0);
        });
    }

    fn one_comment(&self, o: &mut Json, id: u64) {
        let author = self.site.user_fragment(self.issue.creator);
        o.object(|o| {
            o.key("id").quoted(id);
            o.key("author").fragment(author);
            o.key("body");
            document(
                o,
                Dice::new(self.site.config().seed, Stream::Text, id << 20),
                200,
            );
            o.key("created").time(self.issue.updated);
            o.key("updated").time(self.issue.updated);
            o.key("jsdPublic").flag(true);
        });
    }

    fn description(&self, o: &mut Json) {
        let dice = Dice::new(self.site.config().seed, Stream::Text, self.issue.id);
        document(o, dice, self.issue.prose);
    }
}

"""A small web application on dassie: notes to create, list, search, edit and delete.

Nothing here knows that the database is dassie: it is Flask and psycopg2 as they would be used with
PostgreSQL. A request takes a connection of its own and gives it back at its end; connections are cheap
on the other side, so there is no pool.
"""

import os

import flask
import psycopg2
import psycopg2.extras

# The server's Unix socket, where the user who started it needs no password.
DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://postgres@/postgres?host=/tmp")

TABLE = """
    CREATE TABLE IF NOT EXISTS notes (
        id      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        title   text NOT NULL CHECK (title <> ''),
        body    text NOT NULL DEFAULT '',
        created timestamptz NOT NULL DEFAULT now(),
        changed timestamptz NOT NULL DEFAULT now()
    )
"""

app = flask.Flask(__name__)


def database():
    """The connection of this request; opened on first use, in one transaction."""
    if "database" not in flask.g:
        flask.g.database = psycopg2.connect(
            DATABASE_URL, cursor_factory=psycopg2.extras.RealDictCursor
        )
    return flask.g.database


def query(sql, parameters=()):
    """Run one statement; returns its rows as dictionaries, or their number if it has no result."""
    with database().cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


@app.teardown_appcontext
def finish(error):
    """Commit what the request did, or undo it if the request failed."""
    connection = flask.g.pop("database", None)
    if connection is not None:
        if error is None:
            connection.commit()
        connection.close()


def find_note(note_id):
    rows = query("SELECT id, title, body, created, changed FROM notes WHERE id = %s", (note_id,))
    if not rows:
        flask.abort(404)
    return rows[0]


def form_note():
    """The note as typed into the form, and what is wrong with it (or None)."""
    note = {
        "title": flask.request.form.get("title", "").strip(),
        "body": flask.request.form.get("body", "").replace("\r\n", "\n"),
    }
    return note, None if note["title"] else "A note needs a title."


@app.get("/")
def list_notes():
    words = flask.request.args.get("q", "").strip()
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    notes = query(
        """SELECT id, title, body, changed FROM notes
           WHERE title ILIKE %s OR body ILIKE %s
           ORDER BY changed DESC, id DESC LIMIT 100""",
        (pattern, pattern),
    )
    total = query("SELECT count(*) AS total FROM notes")[0]["total"]
    return flask.render_template("list.html", notes=notes, total=total, words=words)


@app.route("/new", methods=["GET", "POST"])
def create_note():
    if flask.request.method == "GET":
        return flask.render_template("form.html", note={"title": "", "body": ""}, problem=None)
    note, problem = form_note()
    if problem:
        return flask.render_template("form.html", note=note, problem=problem), 400
    row = query(
        "INSERT INTO notes (title, body) VALUES (%s, %s) RETURNING id",
        (note["title"], note["body"]),
    )[0]
    return flask.redirect(flask.url_for("show_note", note_id=row["id"]))


@app.get("/<int:note_id>")
def show_note(note_id):
    return flask.render_template("note.html", note=find_note(note_id))


@app.route("/<int:note_id>/edit", methods=["GET", "POST"])
def edit_note(note_id):
    if flask.request.method == "GET":
        return flask.render_template("form.html", note=find_note(note_id), problem=None)
    note, problem = form_note()
    if problem:
        find_note(note_id)
        return flask.render_template("form.html", note=dict(note, id=note_id), problem=problem), 400
    changed = query(
        "UPDATE notes SET title = %s, body = %s, changed = now() WHERE id = %s",
        (note["title"], note["body"], note_id),
    )
    if changed == 0:
        flask.abort(404)
    return flask.redirect(flask.url_for("show_note", note_id=note_id))


@app.post("/<int:note_id>/delete")
def delete_note(note_id):
    if query("DELETE FROM notes WHERE id = %s", (note_id,)) == 0:
        flask.abort(404)
    return flask.redirect(flask.url_for("list_notes"))


@app.errorhandler(404)
def not_found(_error):
    return flask.render_template("missing.html"), 404


def main():
    connection = psycopg2.connect(DATABASE_URL)
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    connection.close()
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), threaded=True)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""A language model for tests, on a loopback port that is printed as 'port N': POST /v1/chat/completions, GET /v1/models.

The name of the model that is asked for says how it answers; see `ANSWERS`. Every request is appended to --log as a line of JSON
with its path, its key and its body. --key refuses all others with 401.
"""
import argparse
import http.server
import json
import os
import re
import sys
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--port", default=0, type=int)
parser.add_argument("--log", default=os.devnull)
parser.add_argument("--key")
parser.add_argument("--models", default="steady")
options = parser.parse_args()

# The test holds the other end of standard input: when the test is gone, so is the server.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

lock = threading.Lock()
seen = {}
active = 0
most_active = 0
together = threading.Condition(lock)


def demand(body):
    """Action, texts wanted and words allowed of the last turn, and how many texts are there already."""
    text = body["messages"][-1]["content"]
    action = re.search(r"Action: (.*)", text).group(1)
    count, words = map(int, re.search(r"Texts: (\d+), of at most (\d+) words", text).groups())
    return action, count, words, max(text.count("\n") - 2, 0)


def texts(body):
    """Different from those that are there already."""
    action, count, _, present = demand(body)
    return [f"text {chr(97 + present + i)} {action}" for i in range(count)]


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/v1/models":
            return self.answer(404, {"error": {"message": "no such path"}})
        self.answer(200, {"object": "list", "data": [{"id": name} for name in options.models.split(",") if name]})

    def do_POST(self):
        global active, most_active
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers.get("Authorization", "")
        with lock:
            active += 1
            most_active = max(active, most_active)
            count = seen[(body["model"], demand(body)[0])] = seen.get((body["model"], demand(body)[0]), 0) + 1
            with open(options.log, "a") as log:
                log.write(json.dumps({"path": self.path, "key": key, "active": active, "body": body}) + "\n")
        try:
            if not self.path.endswith("/v1/chat/completions"):
                self.answer(404, {"error": {"message": "no such path"}})
            elif options.key and key != f"Bearer {options.key}":
                self.answer(401, {"error": {"message": f"Incorrect API key provided: {key[7:]}"}},
                            [("WWW-Authenticate", 'Bearer realm="api"')])
            else:
                ANSWERS[body["model"]](self, body, count)
        finally:
            with lock:
                active -= 1
                together.notify_all()

    def say(self, text, reason="stop"):
        self.answer(200, {"id": "1", "object": "chat.completion", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}]})

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in [*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(data)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def steady(model, body, _):
    model.say("\n".join(texts(body)))


def paired(model, body, _):
    """Answers when another request is there too, or none comes for a long time."""
    with lock:
        together.notify_all()
        together.wait_for(lambda: most_active > 1, timeout=60)
    steady(model, body, 1)


def untidy(model, body, _):
    action, count, _, _ = demand(body)
    lines = [f"{i + 1}. **\"text {chr(97 + i)}; {action}\"**" for i in range(count)]
    model.say(f"<think>\nfive of them\n</think>\nHere are {count} texts:\n\n" + "\n".join(lines) + "\n\nI hope this helps!")


def limited(model, body, number):
    if number == 1:
        return model.answer(429, {"error": {"message": "slow down", "code": "rate_limit"}}, [("Retry-After", "0")])
    steady(model, body, number)


def failing(model, *_):
    model.answer(503, {"error": "loading the model"}, [("Retry-After", "0")])


def broke(model, *_):
    model.answer(429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})


def patient(model, *_):
    model.answer(429, {"error": {"message": "come back tomorrow"}}, [("Retry-After", "86400")])


def broken(model, body, number):
    if number == 1:
        return model.answer(200, b'{"choices": [{"message": {"con')
    steady(model, body, number)


def gibberish(model, *_):
    model.answer(200, b"<html>It works!</html>")


def torn(model, body, number):
    if number == 1:
        model.close_connection = True
        return model.connection.shutdown(2)
    steady(model, body, number)


def slow(model, body, number):
    """Never answers the first request about an action."""
    if number == 1:
        threading.Event().wait()
    steady(model, body, number)


def silent(*_):
    threading.Event().wait()


def long(model, body, number):
    """Too long until it is told to be shorter."""
    if number > 1:
        return steady(model, body, number)
    model.say("\n".join(t + ", moving along" * 60 for t in texts(body)))


def endless(model, body, _):
    """Too long whatever it is told."""
    model.say("\n".join(t + ", and then further" * 60 for t in texts(body)))


def terse(model, body, _):
    """One new text per request."""
    model.say(texts(body)[0])


def parrot(model, *_):
    model.say("the same\nthe same\nThe same.")


def halting(model, body, number):
    """Answers about the first two classes, and never again."""
    with lock:
        first = len(seen) <= 2
    steady(model, body, number) if first else silent()


def away(model, *_):
    model.answer(307, {}, [("Location", f"http://localhost:{model.server.server_address[1]}/elsewhere")])


ANSWERS = {f.__name__: f for f in [
    steady, paired, untidy, limited, failing, broke, patient, broken, gibberish, torn, slow, silent, long, endless, terse,
    parrot, halting, away]}


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", options.port), Model)
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()

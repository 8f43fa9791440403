"""An executor in another language that speaks the older SSE surface and nothing else.

Usage: sse_executor.py URL CLUSTER TOKEN

It runs one command at a time, as older executors do, and ends when its standard input ends. Instead
of a cluster it has an echo: the output of a command is its arguments.
"""

import json
import sys
import threading
import time

import requests
import sseclient


def main() -> None:
    url, cluster, token = sys.argv[1:4]
    headers = {"Authorization": f"Bearer {token}", "X-Cluster-ID": cluster}
    threading.Thread(target=stream, args=(url, headers), daemon=True).start()
    sys.stdin.read()


def stream(url: str, headers: dict) -> None:
    """Attaches, and attaches again 5 s after whatever went wrong."""
    while True:
        try:
            report(url, headers)
            answer = requests.get(f"{url}/executor/stream", headers=headers, stream=True)
            if answer.status_code != 200:
                raise RuntimeError(f"status {answer.status_code}")
            for event in sseclient.SSEClient(answer).events():
                receive(url, headers, event)
        except Exception as error:  # an executor never gives up
            print(json.dumps({"error": str(error)}), flush=True)
            time.sleep(5)


def report(url: str, headers: dict) -> None:
    body = {"mode": "readOnly", "allowed_verbs": ["get"], "executor_version": "foreign"}
    answer = requests.post(f"{url}/executor/capabilities", headers=headers, json=body, timeout=10)
    print(json.dumps({"capabilities": answer.json()}), flush=True)


def receive(url: str, headers: dict, event) -> None:
    print(json.dumps({"event": event.event, "data": json.loads(event.data)}), flush=True)
    if event.event == "command":
        run(url, headers, json.loads(event.data))
    elif event.event == "keepalive":
        requests.post(f"{url}/executor/heartbeat", headers=headers, timeout=10)


def run(url: str, headers: dict, command: dict) -> None:
    failing = "fail" in command["args"]
    output = " ".join(command["args"])
    body = {
        "command_id": command["id"],
        "success": not failing,
        "output": output,
        "error": "it failed" if failing else None,
        "stdout": output,
        "stderr": "it failed" if failing else "",
        "status": "FAILED" if failing else "SUCCESS",
        "return_code": 3 if failing else 0,
        "exit_code": 3 if failing else 0,
        "execution_time_ms": 1,
        "executed_at": time.time(),
    }
    for _ in range(2):  # an older executor may post twice
        answer = requests.post(f"{url}/executor/results", headers=headers, json=body, timeout=10)
        print(json.dumps({"posted": answer.status_code, "answer": answer.json()}), flush=True)


if __name__ == "__main__":
    main()

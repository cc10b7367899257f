"""Whether a cluster is at rest: every node ready, all agreeing on who leads, every copy in sync."""

import time


def unsettled(nodes, copies=2):
    """What is not at rest yet among these nodes, which are all that there are; empty if nothing.
    Every shard has at least `copies` followers in sync."""
    views = []
    for node in nodes:
        assert node.running(), f"{node.name} ended by itself:\n{node.log()[-4000:]}"
        code, said = node.http("/ready")
        if code != 200:
            return f"{node.name}: {said.strip()}"
        shards = node.status()["shards"]
        views.append([shard["leader"] for shard in shards])
        for number, shard in enumerate(shards):
            followers = shard["followers"]
            if shard["role"] == "leader" and (
                    len(followers) < copies or not all(f["in_sync"] for f in followers)):
                return f"{node.name} leads shard {number}, whose followers are {followers}"
    if any(view != views[0] for view in views):
        return "the nodes see other leaders"
    if len(set(views[0])) < len(nodes):
        return f"only {sorted(map(str, set(views[0])))} lead"
    return ""


def wait_settled(nodes, patience=120.0):
    deadline = time.monotonic() + patience
    while why := unsettled(nodes):
        assert time.monotonic() < deadline, f"not settled in time: {why}"
        time.sleep(0.1)

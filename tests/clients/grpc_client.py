"""A gRPC client in another language, with stubs generated from proto/ at run time.

Usage: grpc_client.py PROTO_DIR HOST:PORT API_KEY CLUSTER

Prints one JSON object about what it saw, or fails.
"""

import json
import pathlib
import sys
import tempfile


def generate(proto_dir: str, out: str) -> None:
    """Compiles the public contracts, as any client author would."""
    from grpc_tools import protoc

    files = [str(path) for path in pathlib.Path(proto_dir, "kubently", "v1").glob("*.proto")]
    import grpc_tools

    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{proto_dir}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(arguments + files) != 0:
        sys.exit("the contracts do not compile")


def main() -> None:
    proto_dir, address, key, cluster = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as out:
        generate(proto_dir, out)
        sys.path.insert(0, out)
        print(json.dumps(talk(address, key, cluster)))


def talk(address: str, key: str, cluster: str) -> dict:
    import grpc
    from kubently.v1 import clusters_pb2, clusters_pb2_grpc, command_pb2, debug_pb2, debug_pb2_grpc

    metadata = [("x-api-key", key)]
    with grpc.insecure_channel(address) as channel:
        debug = debug_pb2_grpc.DebugServiceStub(channel)
        clusters = clusters_pb2_grpc.ClusterServiceStub(channel)
        listed = clusters.ListClusters(clusters_pb2.ListClustersRequest(), metadata=metadata, timeout=10)

        # As YAML: a table has ages in it, and two of them agree only within one second.
        spec = command_pb2.CommandSpec(cluster_id=cluster, argv=["get", "pods", "-n", "shop", "-o", "yaml"])
        request = debug_pb2.ExecuteCommandRequest(spec=spec)
        executed = debug.ExecuteCommand(request, metadata=metadata, timeout=20).command

        events = list(debug.StreamCommand(debug_pb2.StreamCommandRequest(spec=spec), metadata=metadata, timeout=20))
        kinds = [event.WhichOneof("event") for event in events]
        streamed = b"".join(event.output.data for event in events if event.WhichOneof("event") == "output")

        refusal = None
        try:
            spec = command_pb2.CommandSpec(cluster_id=cluster, argv=["delete", "pod", "x"])
            debug.ExecuteCommand(debug_pb2.ExecuteCommandRequest(spec=spec), metadata=metadata, timeout=10)
        except grpc.RpcError as error:
            refusal = error.code().name

        keyless = None
        try:
            clusters.ListClusters(clusters_pb2.ListClustersRequest(), timeout=10)
        except grpc.RpcError as error:
            keyless = error.code().name

    return {
        "clusters": [item.id for item in listed.clusters],
        "outcome": command_pb2.Outcome.Name(executed.result.outcome),
        "stdout": executed.result.stdout.decode(),
        "kinds": kinds,
        "streamed_the_same": streamed == executed.result.stdout,
        "refusal": refusal,
        "keyless": keyless,
    }


if __name__ == "__main__":
    main()

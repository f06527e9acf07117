"""What stands in deploy/ says what is so.

Usage: deploy.py manifests FOLDER, which writes the configs of the manifests there
       deploy.py metrics SCRAPE, a file with the answer of /metrics"""

import json
import pathlib
import re
import sys
import yaml

DEPLOY = pathlib.Path(__file__).parent.parent / "deploy"


def names_of(expression):
    """The names of the metrics of an expression."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', expression)
    return set(re.findall(r"\bthrong_\w+", bare))


def metrics(scrape):
    known = set(re.findall(r"^(throng_\w+)", pathlib.Path(scrape).read_text(), re.M))
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())
    board = json.loads((DEPLOY / "grafana/throng.json").read_text())
    used = {}
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    for rule in alerts:
        for name in names_of(rule["expr"]):
            used[name] = f"alert {rule['alert']}"
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        assert rule["annotations"]["summary"] and rule["annotations"]["action"], rule
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    for panel in panels:
        for target in panel["targets"]:
            names = names_of(target["expr"])
            assert names, f"panel {panel['title']}: no metric in {target['expr']}"
            used |= {name: f"panel {panel['title']}" for name in names}
    for variable in board["templating"]["list"]:
        used |= {name: f"variable {variable['name']}" for name in names_of(variable["query"])}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 10 and len(panels) > 15
    missing = {name: where for name, where in used.items() if name not in known}
    assert not missing, f"/metrics has no {missing}"
    print(f"metrics: {len(used)} names")


def rendered(values, text, release):
    """A template of the chart with its values, as Helm renders what is used there."""
    def value(path):
        found = {"Values": values, "Release": {"Name": release}, "Chart": {"AppVersion": chart()["appVersion"]}}
        for key in path.strip(".").split("."):
            found = found[key]
        return found

    def one(match):
        parts = [part.strip() for part in match[1].split("|")]
        if parts[0].startswith("toYaml "):
            dumped = yaml.safe_dump(value(parts[0].split()[1])).rstrip("\n")
            if parts[1] == "sha256sum":
                return "0" * 64
            indent = " " * int(parts[1].removeprefix("nindent "))
            return "\n" + "\n".join(indent + line for line in dumped.splitlines())
        found = value(parts[0])
        if len(parts) > 1:
            found = found or value(parts[1].removeprefix("default "))
        return str(found)

    text = re.sub(r"\s*\{\{-\s*(.*?)\s*\}\}", one, text)
    text = re.sub(r"\{\{\s*(.*?)\s*\}\}", one, text)
    assert "{{" not in text, text
    return [document for document in yaml.safe_load_all(text) if document]


def chart():
    return yaml.safe_load((DEPLOY / "helm/throng/Chart.yaml").read_text())


def of_chart():
    folder = DEPLOY / "helm/throng"
    values = yaml.safe_load((folder / "values.yaml").read_text())
    texts = [path.read_text() for path in sorted((folder / "templates").glob("*.yaml"))]
    return [document for text in texts for document in rendered(values, text, "throng")]


def check(documents):
    """What a cluster needs so that nobody is lost while nodes come and go."""
    by_kind = {}
    for document in documents:
        by_kind.setdefault(document["kind"], []).append(document)
    deployment, = by_kind["Deployment"]
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    container, = pod["containers"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = [spec["selector"]["matchLabels"]]
    selectors += [service["spec"]["selector"] for service in by_kind["Service"]]
    selectors += [budget["spec"]["selector"]["matchLabels"] for budget in by_kind["PodDisruptionBudget"]]
    selectors += [spread["labelSelector"]["matchLabels"] for spread in pod["topologySpreadConstraints"]]
    for selector in selectors:
        assert selector.items() <= labels.items(), (selector, labels)
    assert len(by_kind["PodDisruptionBudget"]) == 1 and len(pod["topologySpreadConstraints"]) == 2
    assert by_kind["PodDisruptionBudget"][0]["spec"]["maxUnavailable"] < spec["replicas"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for service in by_kind["Service"]:
        assert all(port["targetPort"] in ports for port in service["spec"]["ports"]), service
    for probe in ("livenessProbe", "startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    config = yaml.safe_load(by_kind["ConfigMap"][0]["data"]["throng.yaml"])
    assert config["listen"] == f":{ports['clients']}" and config["api"]["listen"] == f":{ports['api']}"
    drain = config["hub"]["drain"]
    seconds = {key: int(value.removesuffix("s")) for key, value in drain.items()}
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert waits + seconds["deadline"] < pod["terminationGracePeriodSeconds"], drain
    assert container["args"] == ["--config", "/etc/throng/throng.yaml"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volume, = pod["volumes"]
    assert mounts[volume["name"]] == "/etc/throng"
    assert volume["configMap"]["name"] == by_kind["ConfigMap"][0]["metadata"]["name"]
    assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    # Variables for services would be read as keys of the config.
    assert pod["enableServiceLinks"] is False
    return by_kind["ConfigMap"][0]["data"]["throng.yaml"]


def bare(document):
    """A document without what only one of the two has."""
    text = json.dumps(document, sort_keys=True)
    text = re.sub(r', "app.kubernetes.io/instance": "throng"|"app.kubernetes.io/instance": "throng", ', "", text)
    document = json.loads(text)
    if document["kind"] == "Deployment":
        template = document["spec"]["template"]
        template["metadata"].pop("annotations", None)
        container = template["spec"]["containers"][0]
        for key in ("env", "envFrom", "imagePullPolicy"):
            container.pop(key, None)
    if document["kind"] == "Service":
        document["spec"].pop("type", None)
    if document["kind"] == "ConfigMap":
        document["data"] = {name: yaml.safe_load(text) for name, text in document["data"].items()}
    return document


def manifests(folder):
    plain = [d for d in yaml.safe_load_all((DEPLOY / "kubernetes/throng.yaml").read_text()) if d]
    for name, documents in (("plain", plain), ("chart", of_chart())):
        pathlib.Path(folder, f"{name}.yaml").write_text(check(documents))
    of = lambda documents: {(d["kind"], d["metadata"]["name"]): bare(d) for d in documents}
    assert of(plain) == of(of_chart()), "the chart with its defaults differs from kubernetes/throng.yaml"
    renamed = rendered({**yaml.safe_load((DEPLOY / "helm/throng/values.yaml").read_text()), "replicas": 5},
                       (DEPLOY / "helm/throng/templates/deployment.yaml").read_text(), "other")
    assert renamed[0]["spec"]["replicas"] == 5 and renamed[0]["metadata"]["name"] == "other"
    print(f"manifests: {len(plain)} documents")


{"manifests": manifests, "metrics": metrics}[sys.argv[1]](sys.argv[2])

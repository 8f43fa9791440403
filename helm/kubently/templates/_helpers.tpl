{{/* Names */}}
{{- define "kubently.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters, so that "-executor" and the like still fit into 63. */}}
{{- define "kubently.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kubently.server.name" -}}{{ include "kubently.fullname" . }}-server{{- end -}}
{{- define "kubently.executor.name" -}}{{ include "kubently.fullname" . }}-executor{{- end -}}
{{- define "kubently.redis.name" -}}{{ include "kubently.fullname" . }}-redis{{- end -}}
{{- define "kubently.policy.name" -}}{{ include "kubently.fullname" . }}-policy{{- end -}}

{{- define "kubently.server.serviceAccount" -}}
{{- if .Values.server.serviceAccount.create -}}
{{- default (include "kubently.server.name" .) .Values.server.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.server.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kubently.executor.serviceAccount" -}}
{{- if .Values.executor.serviceAccount.create -}}
{{- default (include "kubently.executor.name" .) .Values.executor.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.executor.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The ClusterRole is not in a namespace, so its name carries one: two releases of one name must not share a role. */}}
{{- define "kubently.executor.clusterRole" -}}
{{- printf "%s-%s" .Release.Namespace (include "kubently.executor.name" .) -}}
{{- end -}}

{{/* Labels: (list $ "component") */}}
{{- define "kubently.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: kubently
{{ include "kubently.selector" . }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What never changes, for selectors: (list $ "component") */}}
{{- define "kubently.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "kubently.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* For pods: without the chart's version, or a new chart would restart them for nothing. */}}
{{- define "kubently.podLabels" -}}
{{ include "kubently.selector" . }}
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kubently.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The security context of every pod. The user is that of our image; Redis runs as any. The group lets it read mounted Secrets. */}}
{{- define "kubently.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "kubently.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/*
A secret that is made once and then kept: (list $ secret-name key length). Looked up in the cluster first; what is made
new is remembered for the rest of this rendering, because several objects must agree on it.
*/}}
{{- define "kubently.kept" -}}
{{- $root := index . 0 -}}
{{- $secret := index . 1 -}}
{{- $key := index . 2 -}}
{{- if not (hasKey $root.Values "_made") -}}
{{- $_ := set $root.Values "_made" dict -}}
{{- end -}}
{{- $made := get $root.Values "_made" -}}
{{- $id := printf "%s/%s" $secret $key -}}
{{- if not (hasKey $made $id) -}}
{{- $found := lookup "v1" "Secret" $root.Release.Namespace $secret | default dict -}}
{{- $kept := get (get $found "data" | default dict) $key | default "" | b64dec -}}
{{- $_ := set $made $id (default (randAlphaNum (index . 3)) $kept) -}}
{{- end -}}
{{- get $made $id -}}
{{- end -}}

{{/* Where the server's state lives: existing, url, bundled or memory. */}}
{{- define "kubently.backend" -}}
{{- if .Values.server.redis.existingSecret -}}existing
{{- else if .Values.server.redis.url -}}url
{{- else if .Values.redis.enabled -}}bundled
{{- else -}}memory
{{- end -}}
{{- end -}}

{{/* "true" where the chart's own Redis is needed. */}}
{{- define "kubently.bundledRedis" -}}
{{- and .Values.server.enabled (eq (include "kubently.backend" .) "bundled") -}}
{{- end -}}

{{- define "kubently.redis.password" -}}
{{- if .Values.redis.password -}}
{{- .Values.redis.password -}}
{{- else -}}
{{- include "kubently.kept" (list . (include "kubently.redis.name" .) "password" 40) -}}
{{- end -}}
{{- end -}}

{{- define "kubently.redis.url" -}}
{{- if eq (include "kubently.backend" .) "url" -}}
{{- .Values.server.redis.url -}}
{{- else -}}
{{- printf "redis://:%s@%s:6379/0" (include "kubently.redis.password" .) (include "kubently.redis.name" .) -}}
{{- end -}}
{{- end -}}

{{/* The API keys, one a line. */}}
{{- define "kubently.apiKeys" -}}
{{- if .Values.server.apiKeys.keys -}}
{{- join "\n" .Values.server.apiKeys.keys -}}
{{- else -}}
{{- printf "admin:%s" (include "kubently.kept" (list . (include "kubently.server.name" .) "client-key" 40)) -}}
{{- end -}}
{{- end -}}

{{/* The first of them without its service: what a client calls with. */}}
{{- define "kubently.clientKey" -}}
{{- regexReplaceAll "^[^:]*:" (include "kubently.apiKeys" . | splitList "\n" | first) "" -}}
{{- end -}}

{{/* "true" where the executor attaches to the server of this release with a token that both get from here. */}}
{{- define "kubently.sharedToken" -}}
{{- $e := .Values.executor -}}
{{- and .Values.server.enabled $e.enabled (empty $e.servers) (empty $e.existingSecret) (empty .Values.server.executorTokens.existingSecret) -}}
{{- end -}}

{{- define "kubently.executor.token" -}}
{{- if .Values.executor.token -}}
{{- .Values.executor.token -}}
{{- else -}}
{{- include "kubently.kept" (list . (include "kubently.executor.name" .) "token" 48) -}}
{{- end -}}
{{- end -}}

{{/* cluster:token entries, one a line. */}}
{{- define "kubently.executorTokens" -}}
{{- $tokens := deepCopy .Values.server.executorTokens.tokens -}}
{{- if eq (include "kubently.sharedToken" .) "true" -}}
{{- $_ := set $tokens .Values.executor.clusterId (include "kubently.executor.token" .) -}}
{{- end -}}
{{- $lines := list -}}
{{- range $cluster, $token := $tokens -}}
{{- $lines = append $lines (printf "%s:%s" $cluster $token) -}}
{{- end -}}
{{- join "\n" $lines -}}
{{- end -}}

{{- define "kubently.executor.servers" -}}
{{- if .Values.executor.servers -}}
{{- join "," .Values.executor.servers -}}
{{- else -}}
{{- printf "http://%s.%s.svc:%v" (include "kubently.server.name" .) .Release.Namespace .Values.server.service.port -}}
{{- end -}}
{{- end -}}

{{/* Refuses, in words, what would only fail in the pods. */}}
{{- define "kubently.check" -}}
{{- $s := .Values.server -}}
{{- $e := .Values.executor -}}
{{- if not (or $s.enabled $e.enabled) -}}
{{- fail "nothing to install: set server.enabled or executor.enabled" -}}
{{- end -}}
{{- if and $s.enabled (eq (include "kubently.backend" .) "memory") (gt (int $s.replicas) 1) -}}
{{- fail "server.replicas above 1 needs Redis, or the servers would not know of each other: set server.redis.url or server.redis.existingSecret (or redis.enabled, to try it out), or server.replicas=1" -}}
{{- end -}}
{{- if and .Values.policy (or (and $s.enabled (ne $s.mode "readOnly")) (and $e.enabled (ne $e.mode "readOnly"))) -}}
{{- fail "policy says the mode too: leave server.mode and executor.mode out" -}}
{{- end -}}
{{- if and $s.enabled $s.executorTokens.existingSecret $s.executorTokens.tokens -}}
{{- fail "server.executorTokens: give tokens or existingSecret, not both" -}}
{{- end -}}
{{- if $e.enabled -}}
{{- if not $e.clusterId -}}
{{- fail "executor.clusterId is required: the id under which this cluster is known to the server, such as --set executor.clusterId=my-cluster" -}}
{{- end -}}
{{- if not (or $s.enabled $e.servers) -}}
{{- fail "executor.servers is required where the server is not in this release, such as --set executor.servers={https://kubently.example.com}" -}}
{{- end -}}
{{- if and (not $e.token) (not $e.existingSecret) (ne (include "kubently.sharedToken" .) "true") -}}
{{- fail (printf "executor.token or executor.existingSecret is required: make a token with 'kubently tokens create %s'" $e.clusterId) -}}
{{- end -}}
{{- if and $e.token (eq (include "kubently.sharedToken" .) "true") (not (regexMatch "^[A-Za-z0-9_-]{32,128}$" $e.token)) -}}
{{- fail "executor.token must be 32 to 128 letters, digits, '-' and '_', because the server of this release is to know it" -}}
{{- end -}}
{{- end -}}
{{- end -}}

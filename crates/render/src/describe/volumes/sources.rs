//! Every kind of source that a volume may have, with its fields.

/// How a field is printed.
#[derive(Clone, Copy)]
pub(super) enum How {
    Text,
    Number,
    Flag,
    /// As Go prints a list: `[a b]`.
    List,
    /// With commas.
    Joined,
    /// A reference to a secret, as Go prints one.
    Reference,
    /// This where it is missing.
    Or(&'static str),
    /// A map as Go prints one.
    Map,
}
use How::{Flag, Joined, List, Map, Number, Or, Reference, Text};

/// A label, the field's path, and how it is printed.
pub(super) type Field = (&'static str, &'static str, How);

/// The field of the volume that says what kind it is, the line that explains the kind, and its fields.
pub(super) type Source = (&'static str, &'static str, &'static [Field]);

const READ_ONLY: Field = ("ReadOnly:\t", "readOnly", Flag);
const FS_TYPE: Field = ("FSType:\t", "fsType", Text);
const SECRET_REF: Field = ("SecretRef:\t", "secretRef", Reference);
const VOLUME_ID: Field = ("VolumeID:\t", "volumeID", Text);
const PATH: Field = ("Path:\t", "path", Text);
const SECRET_NAME: Field = ("SecretName:\t", "secretName", Text);
const ISCSI: &[Field] = &[
    ("TargetPortal:\t", "targetPortal", Text),
    ("IQN:\t", "iqn", Text),
    ("Lun:\t", "lun", Number),
    ("ISCSIInterface\t", "iscsiInterface", Text),
    FS_TYPE,
    READ_ONLY,
    ("Portals:\t", "portals", List),
    ("DiscoveryCHAPAuth:\t", "chapAuthDiscovery", Flag),
    ("SessionCHAPAuth:\t", "chapAuthSession", Flag),
    SECRET_REF,
    ("InitiatorName:\t", "initiatorName", Or("<none>")),
];
const DISK: &[Field] = &[VOLUME_ID, FS_TYPE, ("Partition:\t", "partition", Number), READ_ONLY];
const RBD: &[Field] = &[
    ("CephMonitors:\t", "monitors", List),
    ("RBDImage:\t", "image", Text),
    FS_TYPE,
    ("RBDPool:\t", "pool", Text),
    ("RadosUser:\t", "user", Text),
    ("Keyring:\t", "keyring", Text),
    SECRET_REF,
    READ_ONLY,
];

/// Sources that are printed as a list of fields, in the order in which kubectl looks for them.
pub(super) const SOURCES: &[Source] = &[
    ("hostPath", "HostPath (bare host directory volume)", &[PATH, ("HostPathType:\t", "type", Or("<none>"))]),
    (
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[("PDName:\t", "pdName", Text), FS_TYPE, ("Partition:\t", "partition", Number), READ_ONLY],
    ),
    ("awsElasticBlockStore", "AWSElasticBlockStore (a Persistent Disk resource in AWS)", DISK),
    (
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository:\t", "repository", Text), ("Revision:\t", "revision", Text)],
    ),
    ("secret", "Secret (a volume populated by a Secret)", &[SECRET_NAME, ("Optional:\t", "optional", Flag)]),
    (
        "configMap",
        "ConfigMap (a volume populated by a ConfigMap)",
        &[("Name:\t", "name", Text), ("Optional:\t", "optional", Flag)],
    ),
    ("nfs", "NFS (an NFS mount that lasts the lifetime of a pod)", &[("Server:\t", "server", Text), PATH, READ_ONLY]),
    (
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        ISCSI,
    ),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName:\t", "claimName", Text), READ_ONLY],
    ),
    ("rbd", "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", RBD),
    (
        "quobyte",
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[("Registry:\t", "registry", Text), ("Volume:\t", "volume", Text), READ_ONLY],
    ),
    (
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName:\t", "diskName", Text),
            ("DiskURI:\t", "diskURI", Text),
            ("Kind: \t", "kind", Text),
            FS_TYPE,
            ("CachingMode:\t", "cachingMode", Text),
            READ_ONLY,
        ],
    ),
    (
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[("VolumePath:\t", "volumePath", Text), FS_TYPE, ("StoragePolicyName:\t", "storagePolicyName", Text)],
    ),
    ("cinder", "Cinder (a Persistent Disk resource in OpenStack)", &[VOLUME_ID, FS_TYPE, READ_ONLY, SECRET_REF]),
    (
        "photonPersistentDisk",
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[("PdID:\t", "pdID", Text), FS_TYPE],
    ),
    ("portworxVolume", "PortworxVolume (a Portworx Volume resource)", &[VOLUME_ID]),
    (
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors:\t", "monitors", List),
            PATH,
            ("User:\t", "user", Text),
            ("SecretFile:\t", "secretFile", Text),
            SECRET_REF,
            READ_ONLY,
        ],
    ),
    (
        "storageos",
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[("VolumeName:\t", "volumeName", Text), ("VolumeNamespace:\t", "volumeNamespace", Text), FS_TYPE, READ_ONLY],
    ),
    (
        "fc",
        "FC (a Fibre Channel disk)",
        &[("TargetWWNs:\t", "targetWWNs", Joined), ("LUN:\t", "lun", Or("<none>")), FS_TYPE, READ_ONLY],
    ),
    (
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[("Driver:\t", "driver", Text), FS_TYPE, SECRET_REF, READ_ONLY, ("Options:\t", "options", Map)],
    ),
    (
        "flocker",
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[("DatasetName:\t", "datasetName", Text), ("DatasetUUID:\t", "datasetUUID", Text)],
    ),
    ("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[PATH]),
    (
        "image",
        "Image (a container image or OCI artifact)",
        &[("Reference:\t", "reference", Text), ("PullPolicy:\t", "pullPolicy", Text)],
    ),
];

/// Sources with fields of their own in a pod.
pub(super) const IN_PODS: &[Source] = &[
    (
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[("EndpointsName:\t", "endpoints", Text), PATH, READ_ONLY],
    ),
    (
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:\t", "gateway", Text),
            ("System:\t", "system", Text),
            ("Protection Domain:\t", "protectionDomain", Text),
            ("Storage Pool:\t", "storagePool", Text),
            ("Storage Mode:\t", "storageMode", Text),
            ("VolumeName:\t", "volumeName", Text),
            FS_TYPE,
            READ_ONLY,
        ],
    ),
    (
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[SECRET_NAME, ("ShareName:\t", "shareName", Text), READ_ONLY],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver:\t", "driver", Text), FS_TYPE, READ_ONLY],
    ),
];

/// The same in a persistent volume.
pub(super) const IN_VOLUMES: &[Source] = &[
    (
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[
            ("EndpointsName:\t", "endpoints", Text),
            ("EndpointsNamespace:\t", "endpointsNamespace", Or("<unset>")),
            PATH,
            READ_ONLY,
        ],
    ),
    (
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:\t", "gateway", Text),
            ("System:\t", "system", Text),
            ("Protection Domain:\t", "protectionDomain", Text),
            ("Storage Pool:\t", "storagePool", Text),
            ("Storage Mode:\t", "storageMode", Text),
            ("VolumeName:\t", "volumeName", Text),
            ("SecretName:\t", "secretRef.name", Text),
            ("SecretNamespace:\t", "secretRef.namespace", Text),
            FS_TYPE,
            READ_ONLY,
        ],
    ),
    (
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[SECRET_NAME, ("SecretNamespace:\t", "secretNamespace", Text), ("ShareName:\t", "shareName", Text), READ_ONLY],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver:\t", "driver", Text), FS_TYPE, ("VolumeHandle:\t", "volumeHandle", Text), READ_ONLY],
    ),
];

//! Claims, volumes and classes.

use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, text as column, wide},
};
use crate::scene::text;

pub(super) const CLAIMS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Status"),
        column("Volume"),
        column("Capacity"),
        column("Access Modes"),
        column("StorageClass"),
        column("VolumeAttributesClass"),
        column("Age"),
        wide("VolumeMode"),
    ],
    cells: |claim, now| {
        vec![
            cell::name(claim),
            json!(text(claim, "/status/phase")),
            json!(text(claim, "/spec/volumeName")),
            json!(text(claim, "/status/capacity/storage")),
            json!(access_modes(cell::list(claim, "/status/accessModes"))),
            json!(text(claim, "/spec/storageClassName")),
            json!("<unset>"),
            cell::age(claim, now),
            json!(text(claim, "/spec/volumeMode")),
        ]
    },
};

pub(super) const VOLUMES: Printer = Printer {
    columns: &[
        column("Name"),
        column("Capacity"),
        column("Access Modes"),
        column("Reclaim Policy"),
        column("Status"),
        column("Claim"),
        column("StorageClass"),
        column("VolumeAttributesClass"),
        column("Reason"),
        column("Age"),
        wide("VolumeMode"),
    ],
    cells: |volume, now| {
        let claim = &volume["spec"]["claimRef"];
        vec![
            cell::name(volume),
            json!(text(volume, "/spec/capacity/storage")),
            json!(access_modes(cell::list(volume, "/spec/accessModes"))),
            json!(text(volume, "/spec/persistentVolumeReclaimPolicy")),
            json!(text(volume, "/status/phase")),
            json!(format!("{}/{}", text(claim, "/namespace"), text(claim, "/name"))),
            json!(text(volume, "/spec/storageClassName")),
            json!("<unset>"),
            json!(text(volume, "/status/reason")),
            cell::age(volume, now),
            json!(text(volume, "/spec/volumeMode")),
        ]
    },
};

pub(super) const CLASSES: Printer = Printer {
    columns: &[
        column("Name"),
        column("Provisioner"),
        column("ReclaimPolicy"),
        column("VolumeBindingMode"),
        column("AllowVolumeExpansion"),
        column("Age"),
    ],
    cells: |class, now| {
        let annotations = &class["metadata"]["annotations"];
        let is_default = annotations["storageclass.kubernetes.io/is-default-class"] == "true";
        let name = text(class, "/metadata/name");
        vec![
            json!(if is_default { format!("{name} (default)") } else { name.to_owned() }),
            json!(text(class, "/provisioner")),
            json!(text(class, "/reclaimPolicy")),
            json!(text(class, "/volumeBindingMode")),
            json!(class["allowVolumeExpansion"] == true),
            cell::age(class, now),
        ]
    },
};

fn access_modes(modes: &[Value]) -> String {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        Some("ReadWriteMany") => "RWX",
        Some("ReadWriteOncePod") => "RWOP",
        _ => "",
    };
    modes.iter().map(short).collect::<Vec<_>>().join(",")
}

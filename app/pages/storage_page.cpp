#include "app/pages/storage_page.h"

#include "app/bridge/resources.h"

namespace qd::pages {

StoragePage::StoragePage(const Context& context, QWidget* parent)
    : KindPage(context, QStringLiteral("storage"), tr("Storage"), QStringLiteral("storage"),
               {{bridge::kClaims, tr("Claims"),
                 tr("No claims yet.\nA claim asks for a volume that keeps its data when a Pod ends or moves."),
                 QStringLiteral("claim.yaml")},
                {bridge::kVolumes, tr("Volumes"),
                 tr("No volumes yet.\nA claim with a storage class gets one made; without a class somebody makes it."),
                 QStringLiteral("volume.yaml")},
                {bridge::kStorageClasses, tr("Storage classes"),
                 tr("No storage classes.\nA class says who makes the volumes of claims, and how.")},
                {bridge::kVolumeAttachments, tr("Attachments"),
                 tr("No volume is attached.\nA volume is attached to the node of the Pod that uses it.")}},
               true, parent) {}

}  // namespace qd::pages
